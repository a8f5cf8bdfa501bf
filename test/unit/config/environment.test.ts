import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

const plant = `
opcua: { port: 4840, users: [{ name: operator, role: Observer }] }
sources: [{ key: lora, kind: chirpstack, url: 'http://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242 }]
`

describe('the environment', () => {
  it('wins over the file and over what is left out', () => {
    const env = {
      PENSTOCK_DATA: '/var/lib/penstock',
      PENSTOCK_OPCUA_PORT: '4850',
      PENSTOCK_OPCUA_BIND: '127.0.0.1',
      PENSTOCK_OPCUA_HOSTNAME: 'gateway.example',
      PENSTOCK_HTTP_PORT: '0',
      PENSTOCK_HTTP_BIND: '0.0.0.0',
      PENSTOCK_LOG_LEVEL: 'debug',
    }
    expect(configOf(plant, { env })).toMatchObject({
      gateway: { data: '/var/lib/penstock' },
      opcua: { port: 4850, bind: '127.0.0.1', hostname: 'gateway.example' },
      http: { port: 0, bind: '0.0.0.0' },
      log: { level: 'debug' },
    })
  })

  it('is checked as the file is, and blamed by the name of the variable', () => {
    const env = {
      PENSTOCK_OPCUA_PORT: '70000',
      PENSTOCK_HTTP_PORT: ' 80',
      PENSTOCK_LOG_LEVEL: '',
      PENSTOCK_OPCUA_BIND: 'a b',
    }
    expect(linesOf(plant, { env })).toEqual([
      'PENSTOCK_OPCUA_PORT is 70000: Allowed is a whole number from 0 to 65535. Write for example 4840.',
      'PENSTOCK_OPCUA_BIND is "a b": Allowed is an IPv4 or IPv6 address of this machine, or localhost. Write for example 0.0.0.0.',
      'PENSTOCK_HTTP_PORT is " 80": Allowed is a whole number from 0 to 65535. Write for example 8080.',
      'PENSTOCK_LOG_LEVEL is "": Allowed is one of debug, info, warn, error. Write for example info.',
    ])
  })

  it('saves a setting that is wrong in the file', () => {
    expect(configOf('log: { level: loud }\nsources: []', { env: { PENSTOCK_LOG_LEVEL: 'warn' } }).log.level).toBe(
      'warn',
    )
  })

  it('is refused where a variable means nothing, with the one that was probably meant', () => {
    expect(linesOf(plant, { env: { PENSTOCK_OPCUA_PROT: '1', PENSTOCK_LORA_APIKEY: 'k3y' } })).toEqual([
      'PENSTOCK_OPCUA_PROT: No environment variable of this name is known. Write PENSTOCK_OPCUA_PORT, or unset it.',
      'PENSTOCK_LORA_APIKEY: No environment variable of this name is known. Write PENSTOCK_LORA_API_KEY, or unset it.',
    ])
  })

  it('may hold what the configuration names, what clients use and what is not ours', () => {
    const env = {
      PENSTOCK_OPERATOR_PASSWORD: 'x',
      PENSTOCK_LORA_API_KEY_FILE: '/run/secrets/lora',
      PENSTOCK_USER: 'operator',
      PENSTOCK_PASSWORD: 'x',
      PENSTOCK_CONFIG: 'plant.yaml',
      PENSTOCK_ENDPOINT: 'opc.tcp://localhost:4840',
      PATH: '/usr/bin',
    }
    expect(linesOf(plant, { env })).toEqual([])
  })

  it('may be full of what Kubernetes says of a service of the same name, but not of misspelt ports', () => {
    const env = {
      PENSTOCK_SERVICE_HOST: '10.0.0.7',
      PENSTOCK_SERVICE_PORT_OPCUA: '4840',
      PENSTOCK_PORT: 'tcp://10.0.0.7:4840',
      PENSTOCK_PORT_4840_TCP_ADDR: '10.0.0.7',
      PENSTOCK_OPCUA_PORT: 'tcp://10.0.0.7:4840',
    }
    expect(configOf(plant, { env }).opcua.port).toBe(4840)
    expect(linesOf(plant, { env: { PENSTOCK_OPCU_PORT: '4841' } })).toEqual([
      expect.stringContaining('Write PENSTOCK_OPCUA_PORT'),
    ])
  })

  it('is not accused of a secret that the file names where the file is still wrong', () => {
    const env = { PENSTOCK_SHIFT_PASSWORD: 'x', PENSTOCK_OPCUA_PROT: '1' }
    expect(linesOf('opcua: { users: [{ nmae: shift, role: Observer }] }\nsources: []', { env })).toEqual([
      expect.stringContaining('opcua.users[0].name: It is missing.'),
      expect.stringContaining('opcua.users[0].nmae: There is no such setting here. Write "name".'),
      expect.stringContaining('PENSTOCK_OPCUA_PROT: No environment variable of this name is known.'),
    ])
  })
})
