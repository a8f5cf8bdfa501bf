import { apiKeyEnvOf } from '../../names.ts'
import { isGroup } from '../../raw.ts'
import type { Notes } from '../imported.ts'
import { flagIn, numberIn, textIn } from './values.ts'

const elsewhere: Readonly<Record<string, string>> = {
  opcua:
    'Name, address, certificate and limits of the OPC UA server are settings of opcua here; opcgw may have OPCGW_OPCUA__HOST_PORT in its environment, which is PENSTOCK_OPCUA_PORT here.',
  web: 'The pages are settings of http here; opcgw may have OPCGW_WEB__ENABLED, OPCGW_WEB__BIND_ADDRESS and OPCGW_WEB__PORT in its environment.',
  storage: 'History and data folder are settings of history and gateway here (OPCGW_STORAGE__… in its environment).',
  logging: 'The log is a setting of log here (OPCGW_LOG_LEVEL, OPCGW_LOG_DIR and OPCGW_LOGGING__… in its environment).',
  command_delivery:
    'How long commands may wait is expiresAfter of each command here, and commands.expiresAfter for all.',
  command_validation: 'What a command takes is said by its parameters here.',
}

/** What of the file is no source, device, tag or command, and what its environment may have decided. `key`: of the source. */
export function sayOfOthers(document: Readonly<Record<string, unknown>>, key: string, notes: Notes): void {
  const note = (path: string, message: string) => notes.add('note', { path }, message)
  for (const [section, message] of Object.entries(elsewhere)) if (isGroup(document[section])) note(section, message)
  const { chirpstack } = document
  note(
    'chirpstack.api_token',
    `Secrets are never taken over, and OPCGW_CHIRPSTACK__API_TOKEN or secrets.toml may hold another one. Set ${apiKeyEnvOf(key)} to the API key.`,
  )
  if (isGroup(document.opcua))
    note(
      'opcua.user_password',
      'Neither the user nor the password (OPCGW_OPCUA__USER_PASSWORD, or secrets.toml) is taken over: add users in opcua.users.',
    )
  if (/^[0-]+$/.test(textIn(chirpstack, 'tenant_id') ?? ''))
    note('chirpstack.tenant_id', 'It is a placeholder: give the source the id of the tenant, as ChirpStack shows it.')
  const polling = numberIn(chirpstack, 'polling_frequency')
  if (polling !== undefined)
    note(
      'chirpstack.polling_frequency',
      'Uplinks come here as events as soon as ChirpStack has them; nothing is polled for them.',
    )
  if (flagIn(chirpstack, 'stream_all_devices') !== true)
    note(
      'chirpstack.stream_all_devices',
      'opcgw read aggregates by the names of metrics of the device profile. Here values are those that the codec decodes, by their keys: compare the names where the two differ.',
    )
  if (numberIn(document.opcua, 'stale_threshold_seconds') !== undefined)
    note(
      'opcua.stale_threshold_seconds',
      'When a value is stale is learned here from how often each device speaks; staleAfter of a device sets it.',
    )
  const address = textIn(chirpstack, 'server_address')
  if (address !== undefined && !/:\d+\/?$/.test(address))
    note(
      'chirpstack.server_address',
      'It has no port: 80 with http and 443 with https. ChirpStack usually answers at 8080.',
    )
}
