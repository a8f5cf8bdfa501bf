import { describe, expect, it } from 'vitest'
import { imported, judge } from './importing.ts'

const TOML = `
[chirpstack]
server_address = "http://192.168.1.12:8080"
api_token = "the-secret-token"
tenant_id = "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"
polling_frequency = 10
[opcua]
user_password = "the-secret-password"
stale_threshold_seconds = 120
[web]
enabled = true

[[application]]
application_id = "ae2012c2-75a1-407d-98ab-1520fb511edf"
application_name = "Bâtiments / Cultures"

    [[application.device]]
    device_name = "Vanne01"
    device_id = "A84041B8A1867E20"
    stale_threshold_seconds = 2700
    source_timestamp_server = true

        [[application.device.read_metric]]
        metric_name = "Conductivité"
        chirpstack_metric_name = "Conductivité"
        metric_type = "Float"
        metric_unit = "mS/cm"

        [[application.device.read_metric]]
        metric_name = "Status"
        chirpstack_metric_name = "valve status"
        metric_type = "Int"
        metric_unit = ""

        [[application.device.read_metric]]
        metric_name = "Odd"
        chirpstack_metric_name = "odd"
        metric_type = "Complex"

        [[application.device.command]]
        command_id = 1
        command_name = "Valve"
        command_confirmed = true
        command_port = 10
        command_class = "valve"

        [[application.device.command]]
        command_id = 2
        command_name = "Raw"
        command_confirmed = false
        command_port = 11

        [[application.device.command]]
        command_id = 3
        command_name = "Bad port"
        command_port = 224

    [[application.device]]
    device_name = "Typo"
    device_id = "12"
`

describe('a config.toml of opcgw', () => {
  it('becomes a ChirpStack source with its devices, tags and commands', async () => {
    const made = await imported({ format: 'opcgw', file: TOML })
    expect(made.sources).toEqual([
      {
        key: 'chirpstack',
        kind: 'chirpstack',
        url: 'http://192.168.1.12:8080',
        tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
        devices: [
          {
            key: 'vanne01',
            name: 'Vanne01',
            folder: 'Bâtiments - Cultures',
            devEui: 'a84041b8a1867e20',
            staleAfter: '2700s',
            tags: [
              {
                key: 'conductivite',
                name: 'Conductivité',
                type: 'Double',
                address: 'object.Conductivité',
                unit: 'mS/cm',
              },
              { key: 'status', name: 'Status', type: 'Int64', address: 'object["valve status"]' },
            ],
            commands: [
              {
                key: 'valve-open',
                name: 'Valve open',
                downlink: { fPort: 10, confirmed: true, object: { command: 'open' } },
              },
              {
                key: 'valve-close',
                name: 'Valve close',
                downlink: { fPort: 10, confirmed: true, object: { command: 'close' } },
              },
              {
                key: 'raw',
                name: 'Raw',
                parameters: [{ key: 'value', type: 'Byte' }],
                downlink: { fPort: 11, payload: [{ value: '$value', bits: 8 }] },
              },
            ],
          },
        ],
      },
    ])
    expect(judge(made.text)).toEqual([])
    expect(made.counts).toMatchObject({ devices: 1, tags: 2, commands: 3 })
  })

  it('never brings a secret, and names what its environment decided', async () => {
    const made = await imported({ format: 'opcgw', file: TOML })
    expect(`${made.text} ${made.said.join(' ')}`).not.toContain('the-secret')
    for (const name of [
      'OPCGW_CHIRPSTACK__API_TOKEN',
      'PENSTOCK_CHIRPSTACK_API_KEY',
      'OPCGW_OPCUA__USER_PASSWORD',
      'OPCGW_WEB__PORT',
    ])
      expect(made.said.join('\n')).toContain(name)
    const said = made.said.filter((words) => !words.startsWith('note'))
    expect(said).toEqual([
      expect.stringMatching(/^leftOut .*Odd: Its metric_type/),
      expect.stringMatching(/^changed .*Valve: It is two commands/),
      expect.stringMatching(/^leftOut .*Bad port: Its command_port/),
      expect.stringMatching(/^changed .*Vanne01: source_timestamp_server/),
      expect.stringMatching(/^leftOut .*Typo: Its device_id/),
    ])
  })

  it('adds to the tenant where it is there already, and nothing twice', async () => {
    const first = await imported({ format: 'opcgw', file: TOML })
    const again = await imported({
      format: 'opcgw',
      file: TOML,
      text: first.text.replace('key: chirpstack', 'key: lora'),
    })
    expect(again.edits).toEqual([])
  })

  it.each([
    ['no TOML', '[chirpstack\n', /no TOML.*line 1/],
    ['of another program', 'title = "x"\n', /neither \[chirpstack\]/],
    ['without a server', '[chirpstack]\ntenant_id = "x"\n', /no server_address/],
    ['after a prototype', '[chirpstack]\n__proto__ = 1\n', /no TOML/],
  ])('is refused where it is %s', async (_what, file, message) => {
    await expect(imported({ format: 'opcgw', file })).rejects.toThrow(message)
  })
})
