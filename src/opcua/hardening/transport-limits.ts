/** What both ends of a connection may send, in bytes and chunks; 0 from a client means that it sets no limit. */
interface TransportLimits {
  receiveBufferSize: number
  sendBufferSize: number
  maxMessageSize: number
  maxChunkCount: number
}

/** OPC 10000-6 §6.7.2: a buffer has at least 8192 bytes. */
const MIN_BUFFER = 8_192
const MAX_BUFFER = 65_536
/** What one connection can make the server hold before a message is complete. */
export const MAX_MESSAGE = 4 * 1024 * 1024

/**
 * The limits of a connection (OPC 10000-6 §7.1.2.4). node-opcua allocates a buffer of the negotiated size for every
 * chunk it answers, up to 512 KiB, and spends half its time on that; it also uses the client's receive size in both
 * directions. One size within both of the client's, at most 64 KiB, is right in each direction.
 */
export function adjustTransportLimits(hello: TransportLimits): TransportLimits {
  const buffer = Math.max(MIN_BUFFER, smallest(hello.receiveBufferSize, hello.sendBufferSize, MAX_BUFFER))
  const chunks = smallest(hello.maxChunkCount, Math.ceil(MAX_MESSAGE / buffer))
  return {
    receiveBufferSize: buffer,
    sendBufferSize: buffer,
    maxMessageSize: smallest(hello.maxMessageSize, MAX_MESSAGE, chunks * buffer),
    maxChunkCount: chunks,
  }
}

const smallest = (...limits: number[]): number => Math.min(...limits.filter((limit) => limit > 0))
