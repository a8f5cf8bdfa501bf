import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'

const FRAME_HEADER = 7
/** Of the first item in a read reply. */
const RETURN_CODE = FRAME_HEADER + 14

let plc: SimulatedPlc
let proxy: FaultProxy
let session: ReadingSession

beforeEach(async () => {
  const blocks = new Map([1, 2].map((db) => [db, Buffer.alloc(20, db)]))
  plc = new SimulatedPlc({ blocks })
  proxy = await FaultProxy.start(await plc.listen())
  const tags = [
    s7Tag('a', { type: 'Byte', address: 'DB1,BYTE0' }),
    s7Tag('b', { type: 'Byte', address: 'DB1,BYTE1' }),
    s7Tag('c', { type: 'Byte', address: 'DB2,BYTE0' }),
  ]
  session = await ReadingSession.connect(s7SourceConfig([s7Device('line', tags)], { port: proxy.port }), systemClock)
})

afterEach(async () => {
  await session.close()
  await proxy.close()
  await plc.close()
})

/** The first item refused with `code`: its bytes are left out, as a CPU does. */
function refuseFirst(code: number): void {
  proxy.rewrite = (frame) => {
    const rest = frame.subarray(RETURN_CODE + 4 + 2)
    const changed = Buffer.concat([frame.subarray(0, RETURN_CODE), Buffer.of(code, 0, 0, 0), rest])
    changed.writeUInt16BE(changed.length, 2)
    changed.writeUInt16BE(frame.readUInt16BE(15) - 2, 15)
    return changed
  }
}

/** The whole request refused. */
function refuseRequest(errorClass: number, code: number): void {
  proxy.rewrite = (frame) => {
    const changed = Buffer.from(frame.subarray(0, FRAME_HEADER + 12))
    changed.writeUInt16BE(changed.length, 2)
    changed.writeUInt32BE(0, 13)
    changed.writeUInt8(errorClass, 17)
    changed.writeUInt8(code, 18)
    return changed
  }
}

describe('an item that the CPU refuses', () => {
  it.each([
    [0x01, 'BadDeviceFailure'],
    [0x03, 'BadUserAccessDenied'],
    [0x06, 'BadConfigurationError'],
    [0x07, 'BadConfigurationError'],
    [0x44, 'BadDeviceFailure'],
  ])('with return code %i turns its own tags %s, and no others', async (code, status) => {
    refuseFirst(code)
    await session.readAll()
    expect(session.seen()).toEqual([status, status, 2])
    proxy.rewrite = (frame) => frame
    await session.readAll()
    expect(session.seen()).toEqual([1, 1, 2])
  })

  it('for want of rights is logged once, with what to allow in the CPU', async () => {
    refuseFirst(0x03)
    await session.readAll()
    await session.readAll()
    expect(session.warnings).toHaveLength(1)
    expect(session.warnings[0]).toMatch(/"a" at DB1,BYTE0 and 1 more.*PUT\/GET.*Optimized block access/)
  })
})

describe('a request that the CPU refuses as a whole', () => {
  it('because PUT/GET access is off turns its tags BadUserAccessDenied until it is allowed', async () => {
    refuseRequest(0x81, 0x04)
    await session.readAll()
    await session.readAll()
    expect(session.seen()).toEqual(['BadUserAccessDenied', 'BadUserAccessDenied', 'BadUserAccessDenied'])
    expect(session.warnings).toHaveLength(1)
    proxy.rewrite = (frame) => frame
    await session.readAll()
    expect(session.seen()).toEqual([1, 1, 2])
  })

  it('for another reason turns its tags BadDeviceFailure', async () => {
    refuseRequest(0x85, 0x00)
    await session.readAll()
    expect(session.seen()).toEqual(['BadDeviceFailure', 'BadDeviceFailure', 'BadDeviceFailure'])
  })
})
