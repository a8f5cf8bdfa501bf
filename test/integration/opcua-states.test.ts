import { AttributeIds, BrowseDirection, type ClientSession, DataType, StatusCodes } from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { modbusDevice, modbusPlant, tagConfig } from '../support/opcua-plant.ts'
import { nodeId, type RoomUnderTest, startRoom, watch } from '../support/opcua-room.ts'

const states = [
  { value: 0, name: 'Closed', codes: ['closed'] },
  { value: 1, name: 'Open', codes: ['open'] },
]
const modes = [...states, { value: -2, name: 'Fault', codes: [] }]

let test: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  test = await startRoom({
    plant: modbusPlant([
      modbusDevice('valve', [
        tagConfig('position', { type: 'Boolean', states }),
        tagConfig('mode', { type: 'Int16', states: modes }),
        tagConfig('step', { type: 'UInt16', states }),
        tagConfig('wide', { type: 'Int64', states: modes }),
        tagConfig('words', { type: 'String', states }),
        tagConfig('payload', { type: 'ByteString' }),
      ]),
    ]),
  })
  session = await test.session()
})
afterAll(() => test.end())

const read = (id: string) => session.read({ nodeId: nodeId(id), attributeId: AttributeIds.Value })
const say = (id: string, value: unknown) => test.engine.pipeline.event(test.engine.tag(id), value, Date.now())
const typeOf = async (id: string) => {
  const { references } = await session.browse({
    nodeId: nodeId(id),
    referenceTypeId: 'HasTypeDefinition',
    browseDirection: BrowseDirection.Forward,
  })
  return references?.[0]?.nodeId.toString()
}

describe('an enumeration', () => {
  it('of two states is a TwoStateDiscreteType with the names of both', async () => {
    expect(await typeOf('valve/position')).toBe('ns=0;i=2373')
    expect((await read('valve/position#TrueState')).value.value).toMatchObject({ text: 'Open' })
    expect((await read('valve/position#FalseState')).value.value).toMatchObject({ text: 'Closed' })
  })

  it('of an integer is a MultiStateValueDiscreteType that names each value', async () => {
    expect(await typeOf('valve/mode')).toBe('ns=0;i=11238')
    const { value } = await read('valve/mode#EnumValues')
    const named = (value.value as { value: [number, number]; displayName: { text: string } }[]).map((each) => [
      each.value,
      each.displayName.text,
    ])
    expect(named).toEqual([
      [[0, 0], 'Closed'],
      [[0, 1], 'Open'],
      [[0xffff_ffff, 0xffff_fffe], 'Fault'],
    ])
  })

  it('numbered from 0 without a gap also has its names in EnumStrings, and no other has', async () => {
    const { value } = await read('valve/step#EnumStrings')
    expect(value.value.map(({ text }: { text: string }) => text)).toEqual(['Closed', 'Open'])
    expect((await read('valve/mode#EnumStrings')).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  })

  it.each(['valve/mode', 'valve/wide'])('says in words what %s is, and tells subscribers of the words', async (id) => {
    const { values } = await watch(session, nodeId(`${id}#ValueAsText`))
    say(id, 1)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toMatchObject({ text: 'Open' }))
    say(id, 'closed')
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toMatchObject({ text: 'Closed' }))
    say(id, -2)
    await vi.waitFor(() => expect(values.at(-1)?.value.value).toMatchObject({ text: 'Fault' }))
    say(id, 7)
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.UncertainEngineeringUnitsExceeded))
    expect(values.at(-1)?.value.value).toMatchObject({ text: null })
    say(id, 'ajar')
    await vi.waitFor(() => expect(values.at(-1)?.statusCode).toBe(StatusCodes.BadDecodingError))
    expect(values.at(-1)?.value.value).toBeNull()
  })

  it('of a String says its state itself', async () => {
    say('valve/words', 1)
    await vi.waitFor(async () => expect((await read('valve/words')).value.value).toBe('Open'))
  })
})

describe('a ByteString', () => {
  it.each(['', '00ff80', 'c3a9'])('arrives with every byte: %s', async (hex) => {
    say('valve/payload', Buffer.from(hex, 'hex'))
    await vi.waitFor(async () => {
      const { value, statusCode } = await read('valve/payload')
      expect(statusCode).toBe(StatusCodes.Good)
      expect(value.dataType).toBe(DataType.ByteString)
      expect((value.value as Buffer).toString('hex')).toBe(hex)
    })
  })
})
