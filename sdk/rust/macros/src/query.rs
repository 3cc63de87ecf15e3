//! What `#[query]` makes of a function: a type that describes it, and a static of the function's name that is both
//! that description and callable.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::Parser;
use syn::{Attribute, Expr, ExprLit, FnArg, ItemFn, Lit, LitStr, Meta, Result, ReturnType, Token, Type};

/// The arguments of the attribute.
#[derive(Default)]
struct Options {
    default: bool,
    volatile: bool,
    uses: Vec<LitStr>,
    cost: Option<LitStr>,
    name: Option<LitStr>,
}

impl Options {
    fn parse(arguments: TokenStream) -> Result<Options> {
        let mut options = Options::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("default") {
                options.default = true;
            } else if meta.path.is_ident("volatile") {
                options.volatile = true;
            } else if meta.path.is_ident("cost") {
                options.cost = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("name") {
                options.name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("uses") {
                let names;
                syn::parenthesized!(names in meta.input);
                options.uses.extend(names.parse_terminated(<LitStr as syn::parse::Parse>::parse, Token![,])?);
            } else {
                return Err(meta.error("expected `default`, `volatile`, `uses(…)`, `cost = …` or `name = …`"));
            }
            Ok(())
        });
        parser.parse2(arguments)?;
        Ok(options)
    }
}

/// The types in the function's signature.
struct Signature {
    engine: Type,
    key: Type,
    output: Type,
}

impl Signature {
    fn of(function: &ItemFn) -> Result<Signature> {
        let wrong = |reason| syn::Error::new_spanned(&function.sig, reason);
        if function.sig.asyncness.is_some() {
            return Err(wrong("a query is not async: it runs on a thread of its own and may simply wait"));
        }
        if !function.sig.generics.params.is_empty() {
            return Err(wrong("a query cannot be generic"));
        }
        let mut inputs = function.sig.inputs.iter();
        let (Some(FnArg::Typed(engine)), Some(FnArg::Typed(key)), None) =
            (inputs.next(), inputs.next(), inputs.next())
        else {
            return Err(wrong("a query takes two arguments: the engine and a key"));
        };
        let Type::Reference(engine) = &*engine.ty else {
            return Err(syn::Error::new_spanned(
                &engine.ty,
                "the first argument of a query is `&Engine<Config>`",
            ));
        };
        let ReturnType::Type(_, output) = &function.sig.output else {
            return Err(wrong("a query returns a `Result`"));
        };
        Ok(Signature { engine: (*engine.elem).clone(), key: (*key.ty).clone(), output: (**output).clone() })
    }
}

/// The text of the doc comment, without the space that begins each line.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(arguments)?;
    let mut function: ItemFn = syn::parse2(item)?;
    let Signature { engine, key, output } = Signature::of(&function)?;
    let doc = doc(&function.attrs);
    if doc.is_empty() {
        return Err(syn::Error::new_spanned(
            &function.sig.ident,
            "a query needs a doc comment: it is its description",
        ));
    }
    let visibility = std::mem::replace(&mut function.vis, syn::Visibility::Inherited);
    let ident = function.sig.ident.clone();
    let described = format_ident!("__Query_{}", ident);
    let name = options.name.unwrap_or_else(|| LitStr::new(&ident.to_string(), ident.span()));
    let (default, volatile, uses) = (options.default, options.volatile, options.uses);
    let cost = match options.cost {
        Some(cost) => quote!(::core::option::Option::Some(#cost)),
        None => quote!(::core::option::Option::None),
    };
    Ok(quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #described;

        #[doc = #doc]
        #[allow(non_upper_case_globals)]
        #visibility static #ident: #described = #described;

        impl ::core::ops::Deref for #described {
            type Target = fn(&#engine, #key) -> #output;

            fn deref(&self) -> &Self::Target {
                #function
                const FUNCTION: fn(&#engine, #key) -> #output = #ident;
                &FUNCTION
            }
        }

        impl ::probity_sdk::Query for #described {
            type Config = <#engine as ::probity_sdk::query::EngineArgument>::Config;
            type Key = #key;
            type Output = #output;
            const NAME: &'static str = #name;
            const DOC: &'static str = #doc;
            const DEFAULT: bool = #default;
            const VOLATILE: bool = #volatile;
            const COST: ::core::option::Option<&'static str> = #cost;
            const USES: &'static [&'static str] = &[#(#uses),*];

            fn ask(&self, engine: &#engine, key: #key) -> #output {
                (**self)(engine, key)
            }
        }
    })
}
