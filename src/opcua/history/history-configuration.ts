import { DataType, type UAObject } from 'node-opcua'
import { defaultAggregateConfiguration } from '../../core/aggregates/quality.ts'
import type { NodeFactory } from '../address-space/node-factory.ts'

/** Identifier of the configuration that tags share whose values hold until the next. */
export const STEPPED_CONFIGURATION = '#gateway/HA Configuration'

/** The properties of an AggregateConfigurationType (OPC 10000-13 §4.2.1.2), by their BrowseNames. */
export const aggregateConfigurationProperties = [
  { name: 'TreatUncertainAsBad', dataType: DataType.Boolean, value: defaultAggregateConfiguration.treatUncertainAsBad },
  { name: 'PercentDataBad', dataType: DataType.Byte, value: defaultAggregateConfiguration.percentDataBad },
  { name: 'PercentDataGood', dataType: DataType.Byte, value: defaultAggregateConfiguration.percentDataGood },
  {
    name: 'UseSlopedExtrapolation',
    dataType: DataType.Boolean,
    value: defaultAggregateConfiguration.useSlopedExtrapolation,
  },
] as const

/**
 * One HistoricalDataConfiguration (OPC 10000-11 §5.2.2) for all tags whose values are no points on a line. A set of
 * these nodes for each tag would take many times the memory of the tag.
 */
export function addSteppedConfiguration(factory: NodeFactory, gateway: UAObject): void {
  const configuration = factory.object({
    id: STEPPED_CONFIGURATION,
    name: 'HA Configuration',
    nameIn: 0,
    type: 'HistoricalDataConfigurationType',
    componentOf: gateway,
  })
  const stepped = { parent: configuration, id: `${STEPPED_CONFIGURATION}/Stepped`, name: 'Stepped', nameIn: 0 }
  factory.property({ ...stepped, dataType: DataType.Boolean }, DataType.Boolean, true)
  const id = `${STEPPED_CONFIGURATION}/AggregateConfiguration`
  const aggregates = factory.object({
    id,
    name: 'AggregateConfiguration',
    nameIn: 0,
    type: 'AggregateConfigurationType',
    componentOf: configuration,
  })
  for (const { name, dataType, value } of aggregateConfigurationProperties) {
    factory.property({ parent: aggregates, id: `${id}/${name}`, name, nameIn: 0, dataType }, dataType, value)
  }
}
