//! Says in the network where the device is: DNS-SD over mDNS (RFC 6762, 6763), as packets, of which the board has the socket.
//!
//! A [`Service`] is what there is to say at one moment. It is told unasked ([`announcement`](Service::announcement)), to whoever asks
//! ([`answer`](Service::answer)), and taken back ([`farewell`](Service::farewell)). Nothing of it needs a heap.

use core::net::Ipv4Addr;

use edge_mdns::domain::base::iana::Class;
use edge_mdns::domain::base::net::Ipv4Addr as Address;
use edge_mdns::domain::base::{Record, Ttl};
use edge_mdns::domain::rdata::{A, AllRecordData, Ptr, Srv};
use edge_mdns::{
    DNS_SD_OWNER, HostAnswer, HostAnswers, HostAnswersMdnsHandler, MdnsError, MdnsHandler,
    MdnsRequest, MdnsResponse, NameSlice, RecordDataChain, Txt,
};
use heapbeacon_shared::api::discovery::{Label, SUBTYPE_LABEL, host_label, texts};
use heapbeacon_shared::trace::BuildId;
use heapless::Vec;

use crate::platform::Device;
use crate::read::bodies;

/// Where those listen who ask, and who answer.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// The port of both.
pub const PORT: u16 = 5353;
/// The hops that a packet may have left: those that come with fewer are not of this network, so some don't read them.
pub const HOP_LIMIT: u8 = 255;
/// Bytes of the longest packet that a [`Service`] makes.
pub const PACKET_BYTES: usize = 704;

/// The labels of `_http._tcp.local`, behind others.
const HTTP: &str = "_http";
const TCP: &str = "_tcp";
const SUB: &str = "_sub";
const LOCAL: &str = "local";

/// Says of a record that there is no other of its name and kind (RFC 6762, 10.2).
const ONLY: Class = Class::from_int(0x8001);

/// Seconds for which an answer holds: of an address, which may change, and of all else (RFC 6762, 10); and the most for who asks as by
/// plain DNS, and would not hear of a change (6.7).
const ADDRESS_SECS: u32 = 120;
const OTHER_SECS: u32 = 75 * 60;
const LEGACY_SECS: u32 = 10;

/// What there is to say of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    name: Label,
    address: Ipv4Addr,
    port: u16,
    build_id: BuildId,
}

/// How it is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// To all in the network, who keep it for a while.
    Multicast,
    /// To one who knows plain DNS only.
    Legacy,
    /// As what holds no longer.
    Farewell,
}

impl Service {
    /// Describes a board that is reached at an address.
    pub fn of<P: Device>(address: Ipv4Addr, port: u16) -> Self {
        Self {
            name: bodies::network_name::<P>(),
            address,
            port,
            build_id: P::describe().build_id,
        }
    }

    /// Answers a packet, from the mDNS port of another host or from any other one; returns the bytes of the answer, which is for all in the network in the
    /// first case, and for who asked in the second. `None` where there is nothing to say, or the packet makes no sense.
    pub fn answer<'b>(&self, packet: &[u8], port: u16, out: &'b mut [u8]) -> Option<&'b [u8]> {
        let legacy = port != PORT;
        let request = MdnsRequest::Request {
            legacy,
            multicast: true,
            data: packet,
        };
        let manner = if legacy {
            Manner::Legacy
        } else {
            Manner::Multicast
        };
        match self.say(manner, request, &mut *out) {
            Ok(0) | Err(MdnsError::InvalidMessage) => None,
            Ok(bytes) => out.get(..bytes),
            // Whoever asks so much is told all that there is, once.
            Err(MdnsError::ShortBuf) if !legacy => self.announcement(out),
            Err(MdnsError::ShortBuf) => None,
        }
    }

    /// Returns the packet that says all there is.
    pub fn announcement<'b>(&self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        let said = self.say(Manner::Multicast, MdnsRequest::None, &mut *out);
        out.get(..said.ok()?)
    }

    /// Returns the packet that takes it back.
    pub fn farewell<'b>(&self, out: &'b mut [u8]) -> Option<&'b [u8]> {
        let said = self.say(Manner::Farewell, MdnsRequest::None, &mut *out);
        out.get(..said.ok()?)
    }

    /// Writes what there is to say to a request, and returns its bytes, 0 where that is nothing.
    fn say(
        &self,
        manner: Manner,
        request: MdnsRequest<'_>,
        out: &mut [u8],
    ) -> Result<usize, MdnsError> {
        let records = Records {
            service: self,
            manner,
        };
        let said = HostAnswersMdnsHandler::new(records).handle(request, out)?;
        Ok(match said {
            MdnsResponse::None => 0,
            MdnsResponse::Reply { data, .. } => data.len(),
        })
    }
}

/// The records of a service: those of edge-mdns have a sub-type of another instance.
struct Records<'a> {
    service: &'a Service,
    manner: Manner,
}

impl Records<'_> {
    /// Returns for how long it holds what would for some seconds.
    fn ttl(&self, seconds: u32) -> Ttl {
        Ttl::from_secs(match self.manner {
            Manner::Multicast => seconds,
            Manner::Legacy => seconds.min(LEGACY_SECS),
            Manner::Farewell => 0,
        })
    }

    /// Returns the class of a record that is the only one: plain DNS has no such bit.
    fn only(&self) -> Class {
        match self.manner {
            Manner::Legacy => Class::IN,
            Manner::Multicast | Manner::Farewell => ONLY,
        }
    }
}

impl HostAnswers for Records<'_> {
    fn visit<F, E>(&self, mut tell: F) -> Result<(), E>
    where
        F: FnMut(HostAnswer<'_>) -> Result<(), E>,
        E: From<MdnsError>,
    {
        let service = self.service;
        let host = host_label(&service.name);
        let build_id = service.build_id.text();
        let texts: Vec<_, 3> = texts(&build_id).collect();
        let host = [&*host, LOCAL];
        let kind = [HTTP, TCP, LOCAL];
        let subtype = [SUBTYPE_LABEL, SUB, HTTP, TCP, LOCAL];
        let instance = [&*service.name, HTTP, TCP, LOCAL];
        let (only, other) = (self.only(), self.ttl(OTHER_SECS));
        let address = Address::from(service.address.octets());
        let pointer = |to| AllRecordData::Ptr(Ptr::new(to));
        let mut record = |owner, class, ttl, data| {
            tell(Record::new(owner, class, ttl, RecordDataChain::Next(data)))
        };
        let [kind, subtype, instance, host] =
            [&kind[..], &subtype, &instance, &host].map(NameSlice::new);
        let address_ttl = self.ttl(ADDRESS_SECS);
        record(
            host.clone(),
            only,
            address_ttl,
            AllRecordData::A(A::new(address)),
        )?;
        let place = Srv::new(0, 0, service.port, host);
        record(
            instance.clone(),
            only,
            address_ttl,
            AllRecordData::Srv(place),
        )?;
        record(kind.clone(), Class::IN, other, pointer(instance.clone()))?;
        record(subtype, Class::IN, other, pointer(instance.clone()))?;
        record(DNS_SD_OWNER, Class::IN, other, pointer(kind))?;
        let texts = RecordDataChain::This(Txt::new(&texts));
        tell(Record::new(instance, only, other, texts))
    }
}

#[cfg(test)]
mod tests;
