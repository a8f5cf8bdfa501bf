import type { CommandConfig, ParameterConfig } from '../core/command.ts'
import { conditionsOf } from '../core/command-conditions.ts'
import { fitArgument } from '../core/fit-argument.ts'
import type { SourceHealth } from '../core/health.ts'
import { historyPolicyOf } from '../core/history-policy.ts'
import type { SourceConfig } from '../core/plant.ts'
import type { StateConfig } from '../core/states.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import { addressOf, endpointOf } from '../http/live/plant-lists.ts'
import { sourceHealthMessage } from './source-health.ts'
import { typeNames, valueMessage } from './values.ts'

/** penstock.v1.Source. */
export const sourceMessage = (source: SourceConfig, health: SourceHealth | undefined) => ({
  key: source.key,
  name: source.name,
  kind: source.kind,
  endpoint: endpointOf(source),
  disabled: source.disabled,
  deviceCount: source.devices.length,
  health: health && sourceHealthMessage(health),
})

/** penstock.v1.Device. */
export const deviceMessage = (source: SourceConfig, device: SourceConfig['devices'][number]) => ({
  key: device.key,
  name: device.name,
  source: source.key,
  disabled: source.disabled || device.disabled,
  address: addressOf(device),
  description: device.description,
  manufacturer: device.manufacturer,
  model: device.model,
  serialNumber: device.serialNumber,
  tagCount: device.tags.length,
  commands: (device.commands ?? []).map(commandDefinitionMessage),
})

/** penstock.v1.Tag. */
export function tagMessage(indexed: IndexedTag) {
  const { id, tag, device, source, disabled } = indexed
  return {
    id,
    key: tag.key,
    name: tag.name,
    description: tag.description,
    device: device.key,
    source: source.key,
    dataType: typeNames[tag.type],
    arrayLength: tag.arrayLength ?? 0,
    address: tag.address,
    unit: tag.unit,
    range: tag.range,
    states: stateMessages(tag.states),
    writable: tag.access === 'readWrite',
    history: historyPolicyOf(indexed),
    disabled,
  }
}

function commandDefinitionMessage(command: CommandConfig) {
  const { key, name, description, parameters, needsConfirmation = false } = command
  return {
    key,
    name,
    description,
    parameters: parameters.map(parameterMessage),
    needsConfirmation,
    conditions: conditionsOf(command),
  }
}

function parameterMessage(parameter: ParameterConfig) {
  const { key, name, description, type, unit, range, states } = parameter
  const preset = parameter.default === undefined ? undefined : fitArgument(parameter, parameter.default)
  return {
    key,
    name,
    description,
    dataType: typeNames[type],
    unit,
    range,
    states: stateMessages(states),
    defaultValue: preset && 'value' in preset ? valueMessage(type, preset.value) : undefined,
  }
}

const stateMessages = (states: readonly StateConfig[] | undefined) =>
  (states ?? []).map(({ value, name }) => ({ value, name }))
