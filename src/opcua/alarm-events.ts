import { DataType, type NodeId, type OPCUAServer, Variant } from 'node-opcua'
import type { Alarm } from '../core/alarm.ts'

/** What is over is worth knowing, and nothing to act upon (OPC 10000-5 §6.4.2). */
const OVER = 100

/**
 * A SystemEventType event (OPC 10000-5 §6.4.29) for an alarm of the gateway that begins, with its severity, or that is
 * over. Its source is the gateway's own object.
 */
export function raiseAlarm(server: OPCUAServer, gateway: NodeId, { name, severity, text, until }: Alarm): void {
  const field = (dataType: DataType, value: unknown) => new Variant({ dataType, value })
  server.engine.addressSpace?.rootFolder.objects.server.raiseEvent('SystemEventType', {
    sourceNode: field(DataType.NodeId, gateway),
    sourceName: field(DataType.String, `Penstock/Alarms/${name}`),
    message: field(DataType.LocalizedText, { text: until === null ? text : `It is over: ${text}` }),
    severity: field(DataType.UInt16, until === null ? severity : OVER),
  })
}
