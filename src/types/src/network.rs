//! Networks of addresses, as settings name them.

use std::net::IpAddr;
use std::str::FromStr;

/// An address, or all addresses that begin alike: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub fn contains(&self, ip: IpAddr) -> bool {
        // An IPv4 client on a socket for both arrives as ::ffff:a.b.c.d.
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same_start(u128::from(a.to_bits()) << 96, u128::from(b.to_bits()) << 96, self.bits),
            (IpAddr::V6(a), IpAddr::V6(b)) => same_start(a.to_bits(), b.to_bits(), self.bits),
            _ => false,
        }
    }
}

fn same_start(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - u32::from(bits)) == 0
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "an address or a network such as 10.0.0.0/8 is expected";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address = address.trim().parse::<IpAddr>().map_err(|_| EXPECTED)?.to_canonical();
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| bits.trim().parse::<u8>().map_err(|_| EXPECTED))?;
        if bits > all { Err(EXPECTED) } else { Ok(Self { address, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let network = |text: &str| text.parse::<Network>().unwrap();
        assert!(network("10.0.0.0/8").contains(ip("10.9.8.7")));
        assert!(network("10.0.0.0/8").contains(ip("::ffff:10.9.8.7")));
        assert!(!network("10.0.0.0/8").contains(ip("11.0.0.1")));
        assert!(network("127.0.0.1").contains(ip("127.0.0.1")));
        assert!(!network("127.0.0.1").contains(ip("127.0.0.2")));
        assert!(network("fd00::/8").contains(ip("fd12::1")));
        assert!(network("0.0.0.0/0").contains(ip("1.2.3.4")));
        assert!(!network("0.0.0.0/0").contains(ip("::1")));
    }
}
