import type { Settings } from '../imported.ts'
import type { Reason } from './kepware-tag.ts'
import { portOf } from './modbus-device.ts'
import type { Properties } from './properties.ts'

export const S7_DRIVER = 'Siemens TCP/IP Ethernet'

/** Models of the driver, as the Configuration API numbers them. */
const S7_200 = 0
const cpus: Readonly<Record<number, string>> = { 1: 's7-300', 2: 's7-400', 3: 's7-1200', 4: 's7-1500' }
const links: Readonly<Record<number, string>> = { 1: 'pg', 2: 'op', 3: 'basic' }
const LITTLE_ENDIAN = 1

/** The settings of the source that a device of the driver Siemens TCP/IP Ethernet becomes. */
export function s7Source(device: Properties): Settings | Reason {
  const id = device.text('DEVICE_ID_STRING') ?? ''
  const host = id.replace(/^<(.*)>$/, '$1').trim()
  if (!/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(host))
    return { reason: `Its ID is no address of a CPU: "${id.slice(0, 60)}".` }
  const model = device.number('DEVICE_MODEL') ?? 1
  const cpu = cpus[model]
  if (cpu === undefined && model !== S7_200)
    return { reason: 'NetLink adapters speak another protocol, which is not spoken here.' }
  if (device.number('DEVICE_ADDRESSING_BYTE_ORDER') === LITTLE_ENDIAN)
    return {
      reason:
        'Its byte order is Little Endian (Intel); S7 values are read here as CPUs have them, the most significant byte first.',
    }
  const pdu = device.number('DEVICE_S7_COMMUNICATIONS_MAX_PDU')
  const base = { host, ...portOf(device.number('DEVICE_COMMUNICATIONS_PORT_NUMBER'), 102) }
  const atMost = pdu === undefined || pdu < 240 || pdu >= 960 ? {} : { pdu }
  if (model === S7_200) {
    const localTsap = tsap(device.number('DEVICE_S7_COMMUNICATIONS_200_LOCAL_TSAP'))
    const remoteTsap = tsap(device.number('DEVICE_S7_COMMUNICATIONS_200_REMOTE_TSAP'))
    if (localTsap === undefined || remoteTsap === undefined)
      return { reason: 'An S7-200 needs its two TSAPs, and they are not there.' }
    return { ...base, localTsap, remoteTsap, ...atMost }
  }
  const number = (name: string) => device.number(`DEVICE_S7_COMMUNICATIONS_${name}`)
  const [rack, slot] = [number('CPU_RACK'), number('CPU_SLOT')]
  const connection = links[number('300_400_1200_1500_LINK_TYPE') ?? 0]
  return {
    ...base,
    cpu,
    ...(rack === undefined ? {} : { rack }),
    ...(slot === undefined ? {} : { slot }),
    ...(connection === undefined ? {} : { connection }),
    ...atMost,
  }
}

/** Two octets: 0x4D57 is "4D.57". */
function tsap(number: number | undefined): string | undefined {
  if (number === undefined || !Number.isInteger(number) || number < 0 || number > 0xffff) return undefined
  const digits = number.toString(16).toUpperCase().padStart(4, '0')
  return `${digits.slice(0, 2)}.${digits.slice(2)}`
}
