import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adjustTransportLimits } from '../../../../src/opcua/hardening/transport-limits.ts'

const anySize = fc.nat({ max: 0xffff_ffff })

describe('the limits of a connection', () => {
  it('are 64 KiB a chunk and 4 MiB a message for a client that sets none', () => {
    const none = { receiveBufferSize: 0, sendBufferSize: 0, maxMessageSize: 0, maxChunkCount: 0 }

    expect(adjustTransportLimits(none)).toEqual({
      receiveBufferSize: 65_536,
      sendBufferSize: 65_536,
      maxMessageSize: 4 * 1024 * 1024,
      maxChunkCount: 64,
    })
  })

  it('keep within what the client can take in each direction, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.record({
          receiveBufferSize: fc.integer({ min: 8_192, max: 0xffff_ffff }),
          sendBufferSize: fc.integer({ min: 8_192, max: 0xffff_ffff }),
          maxMessageSize: anySize,
          maxChunkCount: anySize,
        }),
        (hello) => {
          const limits = adjustTransportLimits(hello)
          expect(limits.receiveBufferSize).toBeLessThanOrEqual(Math.min(hello.sendBufferSize, 65_536))
          expect(limits.sendBufferSize).toBeLessThanOrEqual(Math.min(hello.receiveBufferSize, 65_536))
          expect(limits.receiveBufferSize).toBeGreaterThanOrEqual(8_192)
          if (hello.maxMessageSize > 0) expect(limits.maxMessageSize).toBeLessThanOrEqual(hello.maxMessageSize)
          if (hello.maxChunkCount > 0) expect(limits.maxChunkCount).toBeLessThanOrEqual(hello.maxChunkCount)
          expect(limits.maxMessageSize).toBeLessThanOrEqual(limits.maxChunkCount * limits.sendBufferSize)
        },
      ),
    )
  })
})
