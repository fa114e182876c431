// Packets of the socket device (virtio 1.2, 5.10.6).
#pragma once

#include <cstdint>

namespace menura::boards::virtio::vsock {

inline constexpr uint64_t kHostCid = 2;  // 5.10.4

enum class Op : uint16_t {
  Invalid = 0,
  Request = 1,
  Response = 2,
  Rst = 3,
  Shutdown = 4,
  Rw = 5,
  CreditUpdate = 6,
  CreditRequest = 7,
};

inline constexpr uint16_t kStream = 1, kSeqpacket = 2;              // VIRTIO_VSOCK_TYPE_...
inline constexpr uint32_t kReceivesNoMore = 1U, kSendsNoMore = 2U;  // flags of Shutdown
inline constexpr uint32_t kEndOfMessage = 1U;                       // flag of Rw, of seqpacket sockets

struct [[gnu::packed]] Header {
  uint64_t src_cid = 0;
  uint64_t dst_cid = 0;
  uint32_t src_port = 0;
  uint32_t dst_port = 0;
  uint32_t len = 0;  // of the payload
  uint16_t type = kStream;
  Op op = Op::Invalid;
  uint32_t flags = 0;
  uint32_t buf_alloc = 0;
  uint32_t fwd_cnt = 0;
};
static_assert(sizeof(Header) == 44);

}  // namespace menura::boards::virtio::vsock
