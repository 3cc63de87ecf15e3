//! The bridge to the JSON-RPC library: its generated clients call through a [`Peer`], its generated servers answer what
//! a peer received. Its own client is not used; it would end the connection at an answer that nobody waits for.

use futures_util::future::BoxFuture;
use jsonrpsee::core::client::{BatchResponse, ClientT, Error};
use jsonrpsee::core::params::BatchRequestBuilder;
use jsonrpsee::core::server::{ConnectionId, MethodCallback, Methods};
use jsonrpsee::core::traits::ToRpcParams;
use jsonrpsee::types::{Id, Params};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::request::{Request, Response};
use super::{Call, Peer};
use crate::error::{ErrorObject, object};

impl Peer {
    /// Params that are JSON already, as the generated clients make them.
    fn typed_call(&self, method: &str, params: Option<Box<RawValue>>) -> Result<Call, Error> {
        let call = match &params {
            Some(params) => self.call(method, params),
            None => self.call(method, &serde_json::Map::new()),
        };
        call.map_err(Error::from)
    }
}

impl ClientT for Peer {
    async fn notification<P: ToRpcParams + Send>(&self, method: &str, params: P) -> Result<(), Error> {
        let params = params.to_rpc_params()?;
        Ok(self.notify(method, &params).await?)
    }

    async fn request<R: DeserializeOwned, P: ToRpcParams + Send>(
        &self,
        method: &str,
        params: P,
    ) -> Result<R, Error> {
        let call = self.typed_call(method, params.to_rpc_params()?)?;
        Ok(call.result().await?)
    }

    async fn batch_request<'a, R>(
        &self,
        _batch: BatchRequestBuilder<'a>,
    ) -> Result<BatchResponse<'a, R>, Error>
    where
        R: DeserializeOwned + std::fmt::Debug + 'a,
    {
        Err(Error::Custom("batches are not part of this protocol".into()))
    }
}

#[derive(Deserialize)]
struct RawParams<'a> {
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// Answers `request` by the method of that name in `methods`, the server half of a generated trait.
pub fn dispatch(methods: &Methods, request: Request) -> BoxFuture<'static, Response> {
    let Some(callback) = methods.method(request.method()).cloned() else {
        let error = object::method_not_found(request.method());
        return Box::pin(std::future::ready(request.fail(&error)));
    };
    Box::pin(async move {
        match run(callback, &request).await {
            Ok(json) => Response { frame: Box::<str>::from(json).into_string().into_bytes() },
            Err(error) => request.fail(&error),
        }
    })
}

async fn run(callback: MethodCallback, request: &Request) -> Result<Box<RawValue>, ErrorObject> {
    let params = serde_json::from_slice::<RawParams>(&request.line)
        .map_err(|error| object::invalid_request(error.to_string()))?
        .params
        .map_or("{}", RawValue::get);
    let params = Params::new(Some(params)).into_owned();
    let id: Id<'static> = serde_json::from_str::<Id>(request.id.as_json())
        .map_err(|error| object::invalid_request(error.to_string()))?
        .into_owned();
    let extensions = jsonrpsee::Extensions::new();
    let response = match callback {
        MethodCallback::Sync(callback) => callback(id, params, usize::MAX, extensions),
        MethodCallback::Async(callback) => {
            callback(id, params, ConnectionId(0), usize::MAX, extensions).await
        }
        MethodCallback::Subscription(_) | MethodCallback::Unsubscription(_) => {
            return Err(object::method_not_found(request.method()));
        }
    };
    Ok(response.into_json())
}
