import { duration, environmentName, host, section, text, wholeNumber } from './fields.ts'
import { size } from './size.ts'
import { tlsFields } from './tls-schema.ts'
import { withUnits } from './units.ts'

/** Where the password is unless `passwordEnv` says otherwise. */
export const postgresPasswordEnv = 'PENSTOCK_POSTGRES_PASSWORD'

const identifier = (description: string, example: string) =>
  text({ description, longest: 63, pattern: /^[^\0]+$/, allowed: 'a name of at most 63 characters', example })

const postgresSchema = section(
  'A PostgreSQL database (TimescaleDB where it is installed) that gets every sample of the history too.',
  {
    host: host({ description: 'Host name or IP address of the server.', example: 'db.plant.example' }),
    port: wholeNumber({ description: 'TCP port.', low: 1, high: 65_535, example: '5432' }).default(5_432),
    database: identifier('Name of the database, whose encoding has to be UTF8.', 'plant').default('penstock'),
    user: identifier('Name of the user; it needs no rights beside its schema.', 'penstock').default('penstock'),
    passwordEnv: environmentName({
      description: 'Environment variable that holds the password.',
      example: 'PENSTOCK_DB_PASSWORD',
    }).default(postgresPasswordEnv),
    tls: section(
      'How the server is proved, and how Penstock proves itself to it; where it stands, be it as {}, nothing is sent unencrypted.',
      {
        ...tlsFields,
        serverName: host({
          description: "Name that the server's certificate must have.",
          example: 'db.plant.example',
          otherwise: 'the `host`',
        }).optional(),
      },
    ).optional(),
    schema: text({
      description: 'Schema that holds the tables; it is made where it is missing and the user may do so.',
      longest: 63,
      pattern: /^(?!pg_)[a-z_][a-z0-9_]*$/,
      allowed: 'small letters, digits and "_", at most 63, not beginning with a digit or "pg_"',
      example: 'plant_1',
    }).default('penstock'),
    batchSize: wholeNumber({
      description: 'Samples of one transaction, at most.',
      low: 100,
      high: 100_000,
      example: '10000',
    }).default(10_000),
    replayRate: wholeNumber({
      description:
        'Samples a second of what waited while the database was away; new samples go before them at any rate.',
      low: 100,
      high: 1_000_000,
      example: '20000',
    }).default(10_000),
    timeout: duration({
      description: 'How long connecting, or one step of a transaction, may take.',
      low: 1_000,
      high: 600_000,
      example: '30s',
    }).prefault('30s'),
    maxSize: size({
      description: 'What may wait on the disk of the data folder while the database is away; beyond, the oldest goes.',
      low: 10_000_000,
      high: 100_000_000_000_000,
      example: '20GB',
    }).prefault('1GB'),
    keep: duration({
      description: 'Age at which what waits is given up.',
      low: 60_000,
      high: 36_500 * 86_400_000,
      example: '30d',
      otherwise: 'as long as there is room',
    }).optional(),
    retention: duration({
      description: 'Age at which samples are deleted in PostgreSQL.',
      low: 3_600_000,
      high: 36_500 * 86_400_000,
      example: '3650d',
      otherwise: 'nothing is deleted there',
    }).optional(),
  },
).transform(withUnits)

export const sinksSchema = section('Where samples go beside the history of the data folder.', {
  postgres: postgresSchema.optional(),
})
