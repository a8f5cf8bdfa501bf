import { describe, expect, it } from 'vitest'
import { imported, judge } from './importing.ts'

const HEAD =
  'Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value'
const TEXT = `sources:
  - key: line
    kind: modbus
    host: plc
    devices:
      - { key: meter, unitId: 1, poll: 1s, tags: [{ key: level, type: UInt16, address: "400001" }] }
  - key: cpu
    kind: s7
    host: plc
    devices: [{ key: press, tags: [] }]
  - { key: sums, kind: calculated, devices: [{ key: sum }] }
`
const csv = (device: string, ...rows: string[]) =>
  imported({ text: TEXT, format: 'kepware-csv', device, file: `\uFEFF${[HEAD, ...rows, ''].join('\r\n')}` })
const tagsOf = (device: string, sources: Record<string, unknown>[]) =>
  sources.flatMap((source) => source.devices as Record<string, unknown>[]).find(({ key }) => key === device)?.tags

describe('tags that KEPServerEX exported as CSV', () => {
  it('come to a Modbus device that is there, each with its scan rate', async () => {
    const made = await csv(
      'meter',
      '"Voltage L1",400101,Word,1,RO,100,Linear,0,32767,0,3276.7,Float,1,1,V,"of ""L1""",0',
      '"Pump.Running","000006",Boolean,1,R/W,500,,,,,,,,,,"",',
      'Names,400200.16H,String,1,RO,1000,,,,,,,,,,,',
    )
    expect(tagsOf('meter', made.sources)).toMatchObject([
      { key: 'level' },
      {
        key: 'voltage-l1',
        name: 'Voltage L1',
        description: 'of "L1"',
        type: 'Float',
        address: '400101',
        encoding: 'uint16',
        unit: 'V',
        poll: '100ms',
        range: { low: 0, high: 3276.7 },
        transform: { linear: { raw: [0, 32_767], value: [0, 3276.7] }, clamp: true },
      },
      { key: 'pump-running', type: 'Boolean', address: '000006', access: 'readWrite', poll: '500ms' },
      { key: 'names', type: 'String', address: '400200', length: 16 },
    ])
    expect(made.said).toEqual([])
    expect(judge(made.text)).toEqual([])
  })

  it('come to an S7 device as well', async () => {
    const made = await csv(
      'press',
      '"Blad robota","MX70.0",Boolean,1,R/W,100,,,,,,,,,,"",',
      '"w","DB3.DBW0",Word,1,R/W,100,,,,,,,,,,"",',
    )
    expect(tagsOf('press', made.sources)).toMatchObject([
      { key: 'blad-robota', address: 'M70.0', access: 'readWrite' },
      { key: 'w', address: 'DB3,WORD0' },
    ])
  })

  it('are left out by line, with the reason', async () => {
    const made = await csv(
      'meter',
      ',400001,Word,1,RO,100,,,,,,,,,,,',
      'A,400002,Wort,1,RO,100,,,,,,,,,,,',
      'B,400003,Word,1,RO,fast,,,,,,,,,,,',
      'C,400004,Word,1,RO,100,Linear,x,1,0,1,Float,0,0,,,',
      'D,"DB1,REAL4",Float,1,RO,100,,,,,,,,,,,',
      'Level,400009,Word,1,RO,100,,,,,,,,,,,',
      'E,400005,Word,1,RO,100,,,,,,,,,,,',
    )
    expect(made.said.map((words) => words.split(' ').slice(0, 2).join(' '))).toEqual([
      'leftOut 2',
      'leftOut 3',
      'leftOut 4',
      'leftOut 5',
      'leftOut 6',
      'leftOut 7',
    ])
    expect(made.counts).toMatchObject({ tags: 1, kept: 1 })
  })

  it.each([
    ['meter', 'Name,Place\nx,y\n', /tag name and address/],
    ['meter', '', /tag name and address/],
    ['meter', `${HEAD}\n"x`, /quote is not closed/],
    ['ghost', HEAD, /no device "ghost"/],
    ['', HEAD, /names no device/],
    ['sum', HEAD, /kind calculated/],
  ])('are refused for the device "%s" as %j', async (device, file, message) => {
    await expect(imported({ text: TEXT, format: 'kepware-csv', device, file })).rejects.toThrow(message)
  })
})
