import { describe, expect, it } from 'vitest'
import { UnreadableImport } from '../../../../src/config/imports/imported.ts'
import {
  EMPTY,
  imported,
  judge,
  kepChannel,
  kepDevice,
  kepProject,
  kepTag,
  type Made,
  RTU,
  S7,
  scaling,
  TCP,
} from './importing.ts'

const SERVER = 'servermain.'
const WRITABLE = { [`${SERVER}TAG_READ_WRITE_ACCESS`]: 1 }
const every = (milliseconds: number) => ({ [`${SERVER}TAG_SCAN_RATE_MILLISECONDS`]: milliseconds })
const [BOOLEAN, CHAR, SHORT, WORD, LONG, DWORD, FLOAT, DOUBLE, BCD, DATE, LLONG] = [
  1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 13,
] as const
const WORDS = 25

type Tag = Record<string, unknown>
const devicesOf = ({ sources }: Made): Tag[] => sources.flatMap((source) => source.devices as Tag[])
const tagsOf = (made: Made): Tag[] => devicesOf(made).flatMap((device) => device.tags as Tag[])

const ofModbus = (tags: Tag[], device: Tag = {}) =>
  imported({
    format: 'kepware-json',
    file: kepProject(kepChannel('Hall', TCP, [kepDevice('Meter', '<10.0.0.5>.7', tags, device)])),
  })
const ofS7 = (tags: Tag[], device: Tag = {}) =>
  imported({
    format: 'kepware-json',
    file: kepProject(kepChannel('PLC', S7, [kepDevice('CPU', '10.0.0.6', tags, device)])),
  })

describe('a project of KEPServerEX', () => {
  it('becomes a source for each endpoint, with the units behind it as devices in the folder of their channel', async () => {
    const made = await imported({
      format: 'kepware-json',
      file: kepProject(
        kepChannel('Boiler House', TCP, [
          kepDevice('Meter 1', '<10.0.0.5>.1', [kepTag('Level', '400001', WORD)], {
            [`${SERVER}DEVICE_REQUEST_TIMEOUT_MILLISECONDS`]: 1_000,
            [`${SERVER}DEVICE_CONNECTION_TIMEOUT_SECONDS`]: 3,
            [`${SERVER}DEVICE_INTER_REQUEST_DELAY_MILLISECONDS`]: 20,
            'modbus_ethernet.DEVICE_HOLDING_REGISTERS': 32,
          }),
          kepDevice('Meter 2', '<10.0.0.5>.2', [], { [`${SERVER}DEVICE_DATA_COLLECTION`]: false }),
          kepDevice('Far', '<10.0.0.9>.1', [], {
            'modbus_ethernet.DEVICE_ETHERNET_PORT_NUMBER': 1_502,
            'modbus_ethernet.DEVICE_ETHERNET_IP_PROTOCOL': 0,
          }),
        ]),
        kepChannel('Line', RTU, [kepDevice('Drive', '3', [])], {
          [`${SERVER}CHANNEL_SERIAL_COMMUNICATIONS_COM_ID`]: 4,
          [`${SERVER}CHANNEL_SERIAL_COMMUNICATIONS_BAUD_RATE`]: 9_600,
          [`${SERVER}CHANNEL_SERIAL_COMMUNICATIONS_PARITY`]: 78,
        }),
      ),
    })
    expect(made.sources).toMatchObject([
      {
        key: 'boiler-house',
        name: 'Boiler House',
        host: '10.0.0.5',
        timeout: '1000ms',
        connectTimeout: '3000ms',
        delayBetweenRequests: '20ms',
      },
      { key: 'boiler-house-far', transport: 'udp', host: '10.0.0.9', port: 1_502 },
      { key: 'line', transport: 'rtu', serial: { path: 'COM4', baudRate: 9_600, parity: 'none' } },
    ])
    expect(devicesOf(made)).toMatchObject([
      { key: 'meter-1', name: 'Meter 1', folder: 'Boiler House', unitId: 1, maxRegisters: 32, wordOrder: 'little' },
      { key: 'meter-2', unitId: 2, disabled: true },
      { key: 'far', unitId: 1 },
      { key: 'drive', unitId: 3 },
    ])
    expect(made.counts).toEqual({ sources: 3, devices: 4, tags: 1, commands: 0, kept: 0 })
    expect(judge(made.text)).toEqual([])
  })

  it.each<[string, Tag, Tag, Tag?]>([
    ['a word', kepTag('T', '400001', WORD), { type: 'UInt16', address: '400001' }],
    ['five digits', kepTag('T', '40012', SHORT), { type: 'Int16', address: '400012' }],
    ['hexadecimal', kepTag('T', 'H4000A', WORD), { address: '400010' }],
    [
      'a bit, and it is written',
      kepTag('T', '400010.3', BOOLEAN, WRITABLE),
      { type: 'Boolean', address: '400010.3', access: 'readWrite', write: { bits: 'mask' } },
      { 'modbus_ethernet.DEVICE_HOLDING_REGISTER_BIT_MASK_WRITES': true },
    ],
    [
      'a bit from 1 on',
      kepTag('T', '400010.16', BOOLEAN),
      { address: '400010.15' },
      { 'modbus_ethernet.DEVICE_ZERO_BASED_BIT_ADDRESSING': false },
    ],
    [
      'a text, the low byte first',
      kepTag('T', '400020.21L', 0),
      { type: 'String', address: '400020', length: 21, byteOrder: 'little' },
    ],
    ['an array', kepTag('T', '300100 [10]', WORDS), { type: 'UInt16', address: '300100', arrayLength: 10 }],
    ['BCD', kepTag('T', '400001', BCD), { type: 'UInt16', encoding: 'bcd16' }],
    ['64 bits', kepTag('T', '400001', LLONG), { type: 'Int64', address: '400001' }],
    [
      'what the driver chooses',
      kepTag('T', '000006', -1, WRITABLE),
      { type: 'Boolean', address: '000006', access: 'readWrite' },
    ],
    [
      'registers by function 16 alone',
      kepTag('T', '400001', WORD, WRITABLE),
      { access: 'readWrite', write: { functions: 'multiple' } },
      { 'modbus_ethernet.DEVICE_MODBUS_FUNCTION_06': false },
    ],
    [
      'addresses from 0 on',
      kepTag('T', '400000', WORD),
      { address: '400001' },
      { 'modbus_ethernet.DEVICE_ZERO_BASED_ADDRESSING': false },
    ],
  ])('reads a Modbus address: %s', async (_what, tag, expected, device) => {
    const made = await ofModbus([tag], device)
    expect(tagsOf(made)).toMatchObject([{ key: 't', name: 'T', ...expected }])
  })

  it('has orders of bytes, words and bits as the device', async () => {
    const flags = {
      'modbus_ethernet.DEVICE_FIRST_WORD_LOW': false,
      'modbus_ethernet.DEVICE_MODBUS_BYTE_ORDER': false,
      'modbus_ethernet.DEVICE_MODICON_BIT_ORDER': true,
    }
    const made = await ofModbus([kepTag('F', '400001', FLOAT), kepTag('D', '400003', DOUBLE)], flags)
    expect(devicesOf(made)).toMatchObject([{ byteOrder: 'little', bitOrder: 'msb' }])
    expect(devicesOf(made)[0]).not.toHaveProperty('wordOrder')
    expect(tagsOf(made)).toHaveLength(1)
    expect(made.said).toEqual([expect.stringMatching(/leftOut Hall.Meter.D: .*First DWord Low/)])
  })

  it.each<[string, Tag, Tag]>([
    ['a REAL', kepTag('T', 'DB1,REAL4', FLOAT, WRITABLE), { type: 'Float', address: 'DB1,REAL4', access: 'readWrite' }],
    ['Siemens’ own notation', kepTag('T', 'DB3.DBW2', WORD), { type: 'UInt16', address: 'DB3,WORD2' }],
    ['a colon', kepTag('T', 'DB1:DBD8', FLOAT), { type: 'Float', address: 'DB1,REAL8' }],
    ['a bit of a block', kepTag('T', 'DB1.DBX0.3', BOOLEAN), { type: 'Boolean', address: 'DB1,X0.3' }],
    ['a bit of a word, which begins in its last byte', kepTag('T', 'DB1,W0.10', BOOLEAN), { address: 'DB1,X0.2' }],
    ['bit memory', kepTag('T', 'MX70.0', BOOLEAN), { address: 'M70.0' }],
    ['a byte of it', kepTag('T', 'MBYTE113', 3), { type: 'Byte', address: 'MBYTE113' }],
    ['a signed byte', kepTag('T', 'MB3', CHAR), { type: 'SByte', address: 'MSINT3' }],
    ['inputs as an array', kepTag('T', 'IB0[64]', 23), { type: 'Byte', address: 'IBYTE0', arrayLength: 64 }],
    ['a text', kepTag('T', 'DB1,STRING20.30', 0), { type: 'String', address: 'DB1,STRING20.30' }],
    ['a timer', kepTag('T', 'T5', DWORD), { type: 'UInt32', address: 'T5' }],
    ['a counter', kepTag('T', 'C3', WORD), { type: 'UInt16', address: 'C3' }],
    ['a date', kepTag('T', 'DB1,DTL40', DATE), { type: 'DateTime', address: 'DB1,DTL40' }],
    ['a duration', kepTag('T', 'DB1,TIME8', LONG), { type: 'Int32', address: 'DB1,TIME8' }],
  ])('reads an address of an S7 CPU: %s', async (_what, tag, expected) => {
    const made = await ofS7([tag])
    expect(tagsOf(made)).toMatchObject([expected])
  })

  it('reaches CPUs as they were reached', async () => {
    const s7 = (name: string, value: number) => ({ [`siemens_tcpip_ethernet.DEVICE_S7_COMMUNICATIONS_${name}`]: value })
    const [cpu] = (
      await ofS7([], {
        [`${SERVER}DEVICE_MODEL`]: 2,
        ...s7('CPU_RACK', 0),
        ...s7('CPU_SLOT', 3),
        ...s7('300_400_1200_1500_LINK_TYPE', 3),
        ...s7('MAX_PDU', 480),
      })
    ).sources
    expect(cpu).toMatchObject({
      kind: 's7',
      host: '10.0.0.6',
      cpu: 's7-400',
      rack: 0,
      slot: 3,
      connection: 'basic',
      pdu: 480,
    })
    const [old] = (
      await ofS7([], {
        [`${SERVER}DEVICE_MODEL`]: 0,
        ...s7('200_LOCAL_TSAP', 0x4d57),
        ...s7('200_REMOTE_TSAP', 0x4d57),
      })
    ).sources
    expect(old).toMatchObject({ localTsap: '4D.57', remoteTsap: '4D.57' })
    expect((await ofS7([], { [`${SERVER}DEVICE_MODEL`]: 5 })).said).toEqual([
      expect.stringMatching(/leftOut PLC.CPU: NetLink/),
    ])
  })

  it('connects to a CPU once, however many devices it is there', async () => {
    const file = kepProject(
      kepChannel('A', S7, [kepDevice('Press', '10.0.0.6', [kepTag('T', 'MW0', WORD)])]),
      kepChannel('B', S7, [kepDevice('Oven', '10.0.0.6', [kepTag('T', 'MW2', WORD)])]),
    )
    const made = await imported({ format: 'kepware-json', file })
    expect(made.counts).toMatchObject({ sources: 1, devices: 2, tags: 2 })
    expect((await imported({ format: 'kepware-json', file, text: made.text })).edits).toEqual([])
  })

  it('scales, clamps and negates, and says what it cannot', async () => {
    const clamped = { [`${SERVER}TAG_SCALING_CLAMP_LOW`]: true, [`${SERVER}TAG_SCALING_CLAMP_HIGH`]: true }
    const made = await ofModbus([
      kepTag(
        'Linear',
        '400001',
        WORD,
        scaling([0, 27_648], [-40, 85], { ...clamped, [`${SERVER}TAG_SCALING_UNITS`]: '°C' }),
      ),
      kepTag(
        'Negated',
        '400002',
        LONG,
        scaling([0, 1_000], [0, 10], {
          [`${SERVER}TAG_SCALING_NEGATE_VALUE`]: true,
          [`${SERVER}TAG_SCALING_SCALED_DATA_TYPE`]: SHORT,
        }),
      ),
      kepTag('Half', '400004', WORD, scaling([0, 10], [0, 1], { [`${SERVER}TAG_SCALING_CLAMP_LOW`]: true })),
      kepTag('Root', '400005', WORD, scaling([0, 10], [0, 1], { [`${SERVER}TAG_SCALING_TYPE`]: 2 })),
      kepTag('Flat', '400006', WORD, scaling([5, 5], [0, 1])),
    ])
    expect(tagsOf(made)).toMatchObject([
      {
        key: 'linear',
        type: 'Double',
        encoding: 'uint16',
        unit: '°C',
        range: { low: -40, high: 85 },
        transform: { linear: { raw: [0, 27_648], value: [-40, 85] }, clamp: true },
      },
      { key: 'negated', type: 'Int16', encoding: 'int32', transform: { linear: { value: [0, -10] }, round: 0 } },
      { key: 'half', transform: { linear: { value: [0, 1] } } },
    ])
    expect(made.said).toEqual([
      expect.stringMatching(/^changed Hall.Meter.Half: Values are clamped at the low end only/),
      expect.stringMatching(/^leftOut Hall.Meter.Root: .*sqrt\(\(\[device\/tag\] - 0\) \/ \(10 - 0\)\)/),
      expect.stringMatching(/^leftOut Hall.Meter.Flat: transform.*the same/),
    ])
  })

  it('polls at the scan rates, in groups that have names', async () => {
    const made = await ofModbus([
      kepTag('A', '400001', WORD, every(1_000)),
      kepTag('B', '400002', WORD, every(1_000)),
      kepTag('C', '400003', WORD, every(10)),
    ])
    expect(made.sources).toMatchObject([{ pollGroups: { 'scan-50ms': '50ms', 'scan-1000ms': '1000ms' } }])
    expect(devicesOf(made)).toMatchObject([{ poll: 'scan-1000ms' }])
    expect(tagsOf(made).map(({ poll }) => poll)).toEqual([undefined, undefined, 'scan-50ms'])
    expect(made.said).toEqual([expect.stringMatching(/^changed Hall.Meter: Scan rates below 50 ms/)])
    const atDevice = await ofModbus([kepTag('A', '400001', WORD)], {
      [`${SERVER}DEVICE_SCAN_MODE`]: 2,
      [`${SERVER}DEVICE_SCAN_MODE_RATE_MS`]: 5_000,
    })
    expect(atDevice.sources).toMatchObject([{ pollGroups: { 'scan-5000ms': '5000ms' } }])
  })

  it.each<[string, Tag, RegExp]>([
    ['no address of Modbus', kepTag('T', 'DB1,REAL4', WORD), /no address of a Modbus table/],
    ['a table that is none', kepTag('T', '900001', WORD), /no address of a Modbus table/],
    ['behind the end', kepTag('T', '465537', WORD), /none of the 65536/],
    ['two dimensions', kepTag('T', '400001 [2][5]', WORDS), /2 × 5/],
    ['a text without length', kepTag('T', '400001', 0), /needs its length/],
    ['a bit of a number', kepTag('T', '400001.3', WORD), /is one bit/],
    ['a type that is none', kepTag('T', '400001', 99), /number 99, is not known/],
    ['no address', kepTag('T', '', WORD), /no address/],
  ])('says what is left out, and why: %s', async (_what, tag, reason) => {
    const made = await ofModbus([tag, kepTag('Good', '400001', WORD)])
    expect(made.said).toEqual([expect.stringMatching(reason)])
    expect(made.said[0]).toMatch(/^leftOut Hall\.Meter\.T: /)
    expect(tagsOf(made)).toHaveLength(1)
  })

  it('names drivers and devices that are not read, with all in them', async () => {
    const file = kepProject(
      kepChannel('AB', 'Allen-Bradley ControlLogix Ethernet', [kepDevice('X', '<10.0.0.1>,1,0', [])]),
      kepChannel('Hall', TCP, [kepDevice('Nowhere', 'somewhere', []), kepDevice('Any', '<10.0.0.5>.0', [])]),
    )
    const made = await imported({ format: 'kepware-json', file })
    expect(made.said).toEqual([
      expect.stringMatching(/^leftOut AB.X: Its driver, Allen-Bradley ControlLogix Ethernet/),
      expect.stringMatching(/^leftOut Hall.Nowhere: Its ID is no address/),
      expect.stringMatching(/^changed Hall.Any: Its unit is 0/),
    ])
    expect(devicesOf(made)).toMatchObject([{ key: 'any', unitId: 255 }])
  })

  it('takes a channel, a device, groups in groups, and comments', async () => {
    const device = {
      ...kepDevice('Meter', '<10.0.0.5>.1', []),
      [`${SERVER}MULTIPLE_TYPES_DEVICE_DRIVER`]: TCP,
      tag_groups: [
        {
          'common.ALLTYPES_NAME': 'Pump',
          tag_groups: [{ 'common.ALLTYPES_NAME': 'Drive', tags: [kepTag('On', '000001', BOOLEAN)] }],
        },
      ],
    }
    const alone = await imported({ format: 'kepware-json', file: `\uFEFF// saved by hand\n${JSON.stringify(device)}` })
    expect(tagsOf(alone)).toMatchObject([{ key: 'pump-drive-on', name: 'Pump.Drive.On' }])
    const channel = await imported({
      format: 'kepware-json',
      file: JSON.stringify([kepChannel('Hall', TCP, [device])]),
    })
    expect(channel.counts).toMatchObject({ sources: 1, devices: 1, tags: 1 })
  })

  it('changes nothing the second time, and adds what is new the third', async () => {
    const project = (...tags: Tag[]) => kepProject(kepChannel('Hall', TCP, [kepDevice('Meter', '<10.0.0.5>.7', tags)]))
    const first = await imported({ format: 'kepware-json', file: project(kepTag('A', '400001', WORD)) })
    const second = await imported({
      format: 'kepware-json',
      file: project(kepTag('A', '400001', WORD)),
      text: first.text,
    })
    expect(second).toMatchObject({ edits: [], counts: { kept: 1, tags: 0 } })
    const third = await imported({
      format: 'kepware-json',
      file: project(kepTag('A', '400009', WORD), kepTag('B', '400002', WORD, every(2_000))),
      text: first.text,
    })
    expect(tagsOf(third)).toMatchObject([
      { key: 'a', address: '400001' },
      { key: 'b', poll: 'scan-2000ms' },
    ])
    expect(third.said).toEqual([
      expect.stringMatching(/leftOut Hall.Meter.A: There is another sources\/hall\/devices\/meter\/tags\/a/),
    ])
    expect(judge(third.text)).toEqual([])
  })

  it('leaves keys of the plant alone, and what was wrong before', async () => {
    const text = `sources:\n  - { key: hall, kind: modbus, host: other, devices: [{ key: meter, unitId: 1, poll: nowhere }] }\n`
    const made = await imported({
      format: 'kepware-json',
      text,
      file: kepProject(kepChannel('Hall', TCP, [kepDevice('Meter', '<10.0.0.5>.7', [])])),
    })
    expect(made.sources.map(({ key }) => key)).toEqual(['hall', 'hall-2'])
    expect(devicesOf(made).map(({ key }) => key)).toEqual(['meter', 'meter-2'])
    expect(judge(made.text)).toHaveLength(judge(text).length)
  })

  it('takes brackets in texts for what they are', async () => {
    const name = `${'{['.repeat(6_000)}\\"[`
    const made = await imported({
      format: 'kepware-json',
      file: kepProject(kepChannel('Hall', TCP, [kepDevice('Meter', '<10.0.0.5>.7', [kepTag(name, '400001', 5)])])),
    })
    expect(made.counts.tags).toBe(1)
  })

  it.each([
    ['no JSON', '{', /no JSON/],
    ['nothing of it', '{"project":{}}', /no channels and devices/],
    ['a number', '7', /no channels and devices/],
    ['nothing but lists', `${'['.repeat(9_000)}${']'.repeat(9_000)}`, /no channels and devices|no JSON/],
    ['nested without end', '['.repeat(20_000), /nested more than 10000 deep/],
    ['full of nothing, which would take the memory of the gateway', `[${'{},'.repeat(500_000)}{}]`, /500001|500002/],
    ['full of values', `[${'0,'.repeat(3_000_001)}0]`, /3000001 values/],
  ])('is refused where it is %s', async (_what, file, message) => {
    const refused = imported({ format: 'kepware-json', file, text: EMPTY })
    await expect(refused).rejects.toBeInstanceOf(UnreadableImport)
    await expect(refused).rejects.toThrow(message)
  })
})
