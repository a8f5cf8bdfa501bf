import { hostname as machineName } from 'node:os'
import { userRoles } from '../core/user.ts'
import { cronExpression } from './cron-expression.ts'
import { choice, duration, environmentName, flag, host, list, ofList, section, text, wholeNumber } from './fields.ts'
import { listenAddress, listenPort } from './listen.ts'
import { passwordEnvOf } from './names.ts'
import {
  defaultLimits,
  defaultWriteTimeout,
  type OpcuaLimits,
  securityModes,
  securityPolicies,
} from './opcua-choices.ts'
import { size } from './size.ts'
import { withUnits } from './units.ts'

export const gatewaySchema = section('The gateway as a whole.', {
  name: text({ description: 'Name of the gateway, as clients and logs show it.', example: 'Plant 1' }).default(
    'Penstock',
  ),
  data: text({
    description: 'Folder of the last values, the history and the certificates; relative to where Penstock is started.',
    longest: 1_000,
    example: '/var/lib/penstock',
  }).default('data'),
})

const security = section('How connections are protected.', {
  policies: list(choice(securityPolicies, { description: 'A security policy.' }), 'Security policies that are offered.')
    .min(1, ofList)
    .default([...securityPolicies]),
  modes: list(choice(securityModes, { description: 'A security mode.' }), 'Security modes that are offered.')
    .min(1, ofList)
    .default([...securityModes]),
  allowUnencrypted: flag({
    description: 'Also offers connections without any protection. For demonstrations only.',
  }).default(false),
  allowAnonymous: flag({ description: 'Clients may read without a user. For demonstrations only.' }).default(false),
  autoTrustClients: flag({
    description: 'Trusts every client certificate the first time it is seen. For demonstrations only.',
  }).default(false),
})

const limit = (of: keyof OpcuaLimits, description: string, high: number) =>
  wholeNumber({ description, low: 1, high, example: String(defaultLimits[of]) }).default(defaultLimits[of])

const limits = section('What clients may use at most.', {
  connections: limit('connections', 'Secure channels at the same time.', 10_000),
  sessions: limit('sessions', 'Sessions at the same time; one more is kept for an administrator.', 5_000),
  sessionsPerUser: limit('sessionsPerUser', 'Sessions of one user.', 5_000),
  subscriptions: limit('subscriptions', 'Subscriptions of all sessions together.', 50_000),
  subscriptionsPerUser: limit('subscriptionsPerUser', 'Subscriptions of one user.', 50_000),
  subscriptionsPerSession: limit('subscriptionsPerSession', 'Subscriptions of one session.', 1_000),
  monitoredItems: limit('monitoredItems', 'Monitored items of all subscriptions together.', 10_000_000),
  monitoredItemsPerUser: limit('monitoredItemsPerUser', 'Monitored items of one user.', 10_000_000),
  monitoredItemsPerSubscription: limit(
    'monitoredItemsPerSubscription',
    'Monitored items of one subscription.',
    1_000_000,
  ),
  operationsPerRequest: limit('operationsPerRequest', 'Nodes or items of one request.', 100_000),
})

export const userSchema = section('A user of the OPC UA server.', {
  name: text({
    description: 'Name the user logs in with.',
    longest: 64,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._@-]*$/,
    allowed: 'letters, digits and "._@-", at most 64, beginning with a letter or digit',
    example: 'scada',
  }),
  role: choice(userRoles, {
    description:
      'What the user may do (OPC 10000-18 §4.3): an Observer reads, an Operator also writes and calls commands, an Engineer ' +
      'also changes history; ConfigureAdmin reads and configures, SecurityAdmin reads and administers security.',
  }),
  passwordEnv: environmentName({
    description: 'Environment variable that holds the password.',
    example: 'PENSTOCK_SCADA_PASSWORD',
    otherwise: '`PENSTOCK_<NAME>_PASSWORD`',
  }).optional(),
}).transform((given) => ({ ...given, passwordEnv: given.passwordEnv ?? passwordEnvOf(given.name) }))

const reverseConnectSchema = section('A client that the server calls.', {
  url: text({
    description: 'Where the client listens for servers.',
    longest: 300,
    pattern:
      /^opc\.tcp:\/\/(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#:[\]]+)(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?\/?$/,
    allowed: 'a URL "opc.tcp://host:port", the port from 1 to 65535',
    example: 'opc.tcp://scada.plant.example:4841',
  }),
})

export const opcuaSchema = section('The OPC UA server.', {
  port: listenPort('TCP port to listen at.', 4_840),
  bind: listenAddress('IP address to listen at.', '0.0.0.0').default('0.0.0.0'),
  hostname: host({
    description:
      'Host name or IP address that endpoints advertise: clients must be able to resolve it. A change renews the ' +
      'certificate of the server at the next start, with the same key, and clients have to trust it anew; so name it ' +
      'where the machine, such as a container, changes its own name.',
    example: 'gateway.plant.example',
    otherwise: 'the host name of the machine',
  }).optional(),
  alternateHostnames: list(
    host({ description: 'A host name or IP address.', example: '192.168.1.10' }),
    'Further names and addresses under which clients reach the server; they also stand in its certificate.',
  )
    .max(50, ofList)
    .default([]),
  advertisedPort: wholeNumber({
    description:
      'Port that endpoints advertise beside `port`, and clients get that use no address of the server: where a ' +
      'container host or a router forwards another port.',
    low: 1,
    high: 65_535,
    example: '14840',
    otherwise: 'the port it listens at',
  }).optional(),
  discoveryServer: text({
    description: 'Local discovery server (LDS) at which the server registers itself.',
    longest: 300,
    pattern: /^opc\.tcp:\/\/[^\s/?#]+(?:\/[^\s?#]*)?$/,
    allowed: 'a URL that begins with "opc.tcp://"',
    example: 'opc.tcp://localhost:4840',
    otherwise: 'none',
  }).optional(),
  reverseConnect: list(
    reverseConnectSchema,
    'Clients that the server calls, since they cannot reach it (OPC UA reverse connect): it keeps one connection to each.',
  )
    .max(50, ofList)
    .default([]),
  path: text({
    description: 'Path of the endpoint URL.',
    longest: 100,
    pattern: /^\/[A-Za-z0-9._~/-]*$/,
    allowed: 'a path that begins with "/", of letters, digits and "._~/-"',
    example: '/penstock',
  }).default('/penstock'),
  security: security.prefault({}),
  limits: limits.prefault({}),
  writeTimeout: duration({
    description:
      'How long a client that writes a value waits for its device; after that the write is answered with ' +
      'GoodCompletesAsynchronously and goes on. 0ms: it never waits.',
    low: 0,
    high: 60_000,
    example: '2s',
  }).prefault(`${defaultWriteTimeout / 1_000}s`),
  users: list(userSchema, 'Who may log in.').max(1_000, ofList).default([]),
}).transform((opcua) => withUnits({ ...opcua, hostname: opcua.hostname ?? machineName() }))

export const historySchema = section(
  'The history of values in the data folder; `history` of a device or tag says of which.',
  {
    keep: duration({
      description: 'Age at which values are deleted.',
      low: 3_600_000,
      high: 36_500 * 86_400_000,
      example: '365d',
    }).prefault('90d'),
    maxSize: size({
      description: 'What the values may take on disk before the oldest are deleted.',
      low: 10_000_000,
      high: 100_000_000_000_000,
      example: '20GB',
      otherwise: 'as much as they take',
    }).optional(),
    schedule: cronExpression({
      description:
        'When values that are too old or too many are deleted: minute, hour, day, month and weekday, in the time zone of ' +
        'the machine.',
      example: "'30 2 * * *'",
      otherwise: 'every ten minutes',
    }).optional(),
  },
).transform(withUnits)

export const commandsSchema = section('Commands to devices: what waits to be sent, and what is kept of it.', {
  queueLength: wholeNumber({
    description: 'How many commands may wait for one device; more are refused with BadTooManyOperations.',
    low: 1,
    high: 10_000,
    example: '100',
  }).default(100),
  totalQueueLength: wholeNumber({
    description: 'How many commands may wait for all devices together; more are refused with BadResourceUnavailable.',
    low: 1,
    high: 1_000_000,
    example: '10000',
  }).default(10_000),
  parallel: wholeNumber({
    description: 'How many devices are sent something at the same time; each device gets one command at a time.',
    low: 1,
    high: 10_000,
    example: '64',
  }).default(64),
  expiresAfter: duration({
    description:
      'How long a command may wait to be sent, where neither it nor its tag says so; after that it is not done any more.',
    low: 1_000,
    high: 30 * 86_400_000,
    example: '2m',
  }).prefault('2m'),
  keep: duration({
    description: 'Age at which finished commands are deleted; the audit log keeps who asked for them.',
    low: 3_600_000,
    high: 36_500 * 86_400_000,
    example: '365d',
  }).prefault('90d'),
}).transform(withUnits)

export const auditSchema = section('The audit log: who did what in the plant and to the gateway.', {
  keep: duration({
    description: 'Age at which rows are deleted.',
    low: 30 * 86_400_000,
    high: 36_500 * 86_400_000,
    example: '730d',
  }).prefault('365d'),
  maxRows: wholeNumber({
    description: 'How many rows it may hold before the oldest are deleted, whatever their age.',
    low: 10_000,
    high: 1_000_000_000,
    example: '5000000',
  }).default(5_000_000),
  schedule: cronExpression({
    description: 'When that is looked after: minute, hour, day, month and weekday, in the time zone of the machine.',
    example: "'20 3 * * *'",
  }).default('20 3 * * *'),
}).transform(withUnits)

export const backupSchema = section('Backups of the data folder, made while the gateway runs and verified.', {
  schedule: cronExpression({
    description: 'When a backup is made: minute, hour, day, month and weekday, in the time zone of the machine.',
    example: "'30 2 * * *'",
    otherwise: 'no backups are made; `penstock backup` makes one at any time',
  }).optional(),
  folder: text({
    description: 'Gets a folder for each backup; best on another disk. Relative to where Penstock is started.',
    longest: 1_000,
    example: '/mnt/backup/penstock',
  }).default('backup'),
  keep: wholeNumber({
    description: 'How many backups stay in the folder, the newest.',
    low: 1,
    high: 10_000,
    example: '7',
  }).default(7),
})

export const logSchema = section('The log, JSON lines on standard output.', {
  level: choice(['debug', 'info', 'warn', 'error'], {
    description: 'The least important events that are logged.',
    example: 'info',
  }).default('info'),
})
