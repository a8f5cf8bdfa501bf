import { z } from 'zod'
import { always } from './complaint.ts'
import { calculatedDevice, chirpstackDevice, eui64, linkTags, modbusDevice, s7Device } from './device-schema.ts'
import { duration, environmentName, explain, host, list, ofText, section, wholeNumber } from './fields.ts'
import { checkTransport, modbusTransport, withTransport } from './modbus-transport-schema.ts'
import { apiKeyEnvOf } from './names.ts'
import { remembering } from './parse-memory.ts'
import { checkPolls, pollGroups, withPolls } from './poll-groups.ts'
import { checkTsaps, s7Connection, withTsaps } from './s7-schema.ts'
import { named } from './tag-schema.ts'
import { ruleSchema } from './template-schema.ts'
import { tlsFields } from './tls-schema.ts'
import { withName, withUnits } from './units.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 1_440 * MINUTE

const sourceShape = {
  key: named.key,
  name: named.name.optional(),
  disabled: named.disabled.default(false),
}

const kind = <const Kind extends string>(value: Kind) =>
  explain(z.literal(value), {
    description: 'The protocol.',
    allowed: value,
    example: value,
  })

const port = (value: number) =>
  wholeNumber({ description: 'TCP port.', low: 1, high: 65_535, example: String(value) }).default(value)

const connectTimeout = duration({
  description: 'How long connecting may take.',
  low: SECOND / 10,
  high: MINUTE,
  example: '3s',
}).prefault('3s')

const timeout = (example: string) =>
  duration({ description: 'How long a request may take.', low: 50, high: MINUTE, example }).prefault(example)

const chirpstackTls = section('How a ChirpStack behind https is proved, and how Penstock proves itself to it.', {
  ...tlsFields,
  serverName: host({
    description: "Name that the server's certificate must have.",
    example: 'chirpstack.example',
    otherwise: 'the host of `url`',
  }).optional(),
})

const chirpstackSource = section('One tenant of a ChirpStack network server.', {
  ...sourceShape,
  kind: kind('chirpstack'),
  url: explain(
    z
      .string()
      .max(300, ofText)
      .regex(/^https?:\/\/(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/)
      .refine((url) => URL.canParse(url))
      .transform((url) => url.replace(/\/$/, '')),
    {
      description: 'Where ChirpStack answers gRPC: http is plain HTTP/2, https goes through a proxy with TLS.',
      allowed: 'http:// or https://, a host and a port, without user, password or path',
      example: 'http://chirpstack.example:8080',
    },
  ),
  tenantId: explain(
    z.guid().transform((id) => id.toLowerCase()),
    {
      description: 'Id of the tenant whose applications hold the devices.',
      allowed: 'a UUID, as ChirpStack shows it under Tenant',
      example: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
    },
  ),
  apiKeyEnv: environmentName({
    description: 'Environment variable that holds the API key of the tenant.',
    example: 'PENSTOCK_LORA_API_KEY',
    otherwise: '`PENSTOCK_<KEY>_API_KEY`',
  }).optional(),
  callTimeout: duration({
    description: 'How long a call may take.',
    low: SECOND / 10,
    high: 5 * MINUTE,
    example: '10s',
  }).prefault('10s'),
  inventoryPeriod: duration({
    description: 'How often the list of devices and their state is compared with ChirpStack.',
    low: SECOND,
    high: DAY,
    example: '5m',
  }).prefault('5m'),
  linkTags: linkTags.default(true),
  metricsPeriod: duration({
    description: 'How often gathered metrics, and the state of gateways, are asked for; events come by themselves.',
    low: 10 * SECOND,
    high: DAY,
    example: '5m',
  }).prefault('5m'),
  proxy: explain(
    z.union([
      z.enum(['environment', 'none']),
      z
        .string()
        .max(300, ofText)
        .regex(/^http:\/\/(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/)
        .refine((url) => URL.canParse(url)),
    ]),
    {
      description:
        'HTTP proxy on the way to ChirpStack (CONNECT): its address, `none`, or as `grpc_proxy`, `https_proxy`, ' +
        '`http_proxy` and `no_proxy` of the environment say.',
      allowed: 'environment, none, or http:// with a host and a port, without user, password or path',
      example: 'http://proxy.example:3128',
      otherwise: '`environment`',
    },
  ).optional(),
  tls: chirpstackTls.optional(),
  rules: list(
    ruleSchema,
    'What becomes of the other devices of the tenant. Without rules they are left alone.',
  ).optional(),
  accepted: list(
    eui64({ description: 'A DevEUI.', example: '"24e124136d123456"' }),
    'Devices that rules only propose, and that are to be served.',
  ).optional(),
  rejected: list(
    eui64({ description: 'A DevEUI.', example: '"24e124136d123456"' }),
    'Devices that rules match, and that are not to be served.',
  ).optional(),
  devices: list(
    remembering(chirpstackDevice),
    'The devices and gateways of the tenant whose values are served.',
  ).default([]),
}).transform((source) => ({
  ...withUnits(withName(source)),
  apiKeyEnv: source.apiKeyEnv ?? apiKeyEnvOf(source.key),
}))

const modbusSource = section('One Modbus endpoint or serial line, with the units behind it.', {
  ...sourceShape,
  kind: kind('modbus'),
  ...modbusTransport,
  timeout: timeout('1s'),
  connectTimeout,
  pollGroups: pollGroups.optional(),
  devices: list(remembering(modbusDevice), 'The units behind this endpoint.').default([]),
})
  .superRefine(checkTransport, always)
  .superRefine(checkPolls, always)
  .transform((source) => withTransport(withUnits(withName(withPolls(source)))))

const s7Source = section('One Siemens S7 CPU.', {
  ...sourceShape,
  kind: kind('s7'),
  host: host({ description: 'Host name or IP address of the CPU.', example: '192.168.1.30' }),
  port: port(102),
  ...s7Connection,
  timeout: timeout('2s'),
  connectTimeout,
  pollGroups: pollGroups.optional(),
  devices: list(remembering(s7Device), 'What is read of the CPU, in one or several devices.').default([]),
})
  .superRefine(checkTsaps, always)
  .superRefine(checkPolls, always)
  .transform((source) => withUnits(withName(withTsaps(withPolls(source)))))

const calculatedSource = section('Values that are calculated of other tags of the plant, whatever they come from.', {
  ...sourceShape,
  kind: kind('calculated'),
  devices: list(remembering(calculatedDevice), 'The calculated values, in one or several devices.').default([]),
}).transform((source) => withName(source))

export const sourceSchema = z.discriminatedUnion('kind', [chirpstackSource, modbusSource, s7Source, calculatedSource])
