import { environmentName, text } from './fields.ts'

const file = (description: string, example: string) =>
  text({ description, example, longest: 1_000, allowed: 'the path of a file in PEM form' }).optional()

/** How the other end of a TLS connection is proved, and how Penstock proves itself to it. */
export const tlsFields = {
  caFile: file(
    "Certificates of the authorities that are trusted, in place of the system's.",
    '/etc/penstock/plant-ca.pem',
  ),
  certificateFile: file(
    'Client certificate, with its chain, for a server that demands one.',
    '/etc/penstock/client.pem',
  ),
  keyFile: file('Key of the client certificate; not readable for everybody.', '/etc/penstock/client.key'),
  keyEnv: environmentName({
    description: 'Environment variable that holds the key of the client certificate, in place of `keyFile`.',
    example: 'PENSTOCK_LORA_TLS_KEY',
  }).optional(),
}
