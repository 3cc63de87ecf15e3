//! Which addresses are those of public servers. All others belong to this machine, its network or its provider, where a plugin
//! could reach what trusts its neighbours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address is one of a public server, by the registries of special-purpose addresses of IANA (RFC 6890 and its
/// successors). An IPv6 address that stands for an IPv4 address is judged as that one.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private networks, this machine.
        (0 | 10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) => true,
        // Behind a provider's translation, and links without any configuration (where clouds keep their metadata).
        (100, 64..=127, _) | (169, 254, _) => true,
        // Protocol assignments, documentation, the former 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) | (198, 18 | 19, _) => true,
        // Groups and the reserved rest, the broadcast address among it.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given to networks.
    let [a, b, ..] = address.segments();
    let global = (0x2000..=0x3fff).contains(&a);
    // Protocol assignments (Teredo, ORCHID and others), documentation.
    let special = matches!((a, b), (0x2001, ..0x0200 | 0x0db8) | (0x3fff, ..0x1000));
    global && !special
}

/// The IPv4 address that this one stands for: mapped, compatible, behind the well-known NAT64 prefix, or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_servers_are_public() {
        for public in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1",
            "2001:4860::8888",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let not = [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "100::1",
            "64:ff9b:1::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ];
        for address in not {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        assert!(is_public("::ffff:1.1.1.1".parse().unwrap()));
        assert!(is_public("64:ff9b::1.1.1.1".parse().unwrap()));
    }
}
