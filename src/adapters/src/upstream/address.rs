//! Which addresses a provider may have, and the resolver that lets only those through. Providers
//! are typed in by people; without this rule they could make the server read what only the server
//! can reach: the metadata service of a cloud, which hands out credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tenantry_types::network::Network;

/// The metadata services of clouds that do not stand in the link-local range.
const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Which loopback and private addresses may be reached.
#[derive(Debug, Clone)]
pub enum Private {
    None,
    All,
    Only(Arc<[Network]>),
}

impl Private {
    /// What the providers of tenants may reach of it: networks that were named. That "all" are open to the operator's own
    /// providers says nothing about other people's.
    pub fn for_tenants(&self) -> Self {
        match self {
            Self::None | Self::All => Self::None,
            Self::Only(networks) => Self::Only(networks.clone()),
        }
    }

    fn contains(&self, ip: IpAddr) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(networks) => networks.iter().any(|network| network.contains(ip)),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct AddressRule(pub Private);

impl AddressRule {
    pub fn allows(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.allows_v4(ip),
            IpAddr::V6(ip) => match within(ip) {
                Some(ip) => self.allows_v4(ip),
                None => self.allows_v6(ip),
            },
        }
    }

    fn allows_v4(&self, ip: Ipv4Addr) -> bool {
        let [a, b, c, _] = ip.octets();
        // 0.0.0.0/8 is "this host" and leads to loopback; 240.0.0.0/4 is reserved, broadcast included.
        if ip.is_link_local() || ip.is_multicast() || a == 0 || a >= 240 || METADATA_V4.contains(&ip) {
            return false;
        }
        // 100.64.0.0/10 is what carriers share, 198.18.0.0/15 is for measurements, 192.0.0.0/24 for protocols.
        let inner = (a == 100 && (64..128).contains(&b)) || (a == 198 && (18..20).contains(&b)) || (a, b, c) == (192, 0, 0);
        !(ip.is_loopback() || ip.is_private() || inner) || self.0.contains(ip.into())
    }

    fn allows_v6(&self, ip: Ipv6Addr) -> bool {
        if ip.is_unicast_link_local() || ip.is_multicast() || ip.is_unspecified() || METADATA_V6.contains(&ip) {
            return false;
        }
        // fec0::/10 is private by an older rule; 64:ff9b:1::/48 leads to IPv4 in a way that only its network knows.
        let s = ip.segments();
        let inner = s[0] & 0xffc0 == 0xfec0 || s[..3] == [0x64, 0xff9b, 1];
        !(ip.is_loopback() || ip.is_unique_local() || inner) || self.0.contains(ip.into())
    }
}

/// The IPv4 address that an IPv6 one leads to: mapped (`::ffff:0:0/96`), compatible (`::/96`),
/// NAT64 (`64:ff9b::/96`) and 6to4 (`2002::/16`).
fn within(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |s: [u16; 8]| {
        let ([a, b], [c, d]) = (s[6].to_be_bytes(), s[7].to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        s @ [0, 0, 0, 0, 0, 0xffff, _, _] => Some(low(s)),
        s @ [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(low(s)),
        // `::` and `::1` are addresses of their own.
        s @ [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(low(s)),
        [0x2002, x, y, ..] => {
            let ([a, b], [c, d]) = (x.to_be_bytes(), y.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// A name that leads only to addresses that providers must not have.
#[derive(Debug, thiserror::Error)]
#[error("the address is not allowed")]
pub(super) struct ForbiddenAddress;

/// Resolves names to the addresses that the rule allows.
#[derive(Debug, Clone)]
pub(super) struct CheckedResolver(pub AddressRule);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|addr| rule.allows(addr.ip())).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(ForbiddenAddress.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
