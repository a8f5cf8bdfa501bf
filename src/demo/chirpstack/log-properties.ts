import type { Json } from './event-body.ts'

/** What an entry of the log has beside its body, for the web interface to show (`stream/event.rs`). */
export function propertiesOf(kind: string, body: Json): Readonly<Record<string, string>> {
  const text = (field: string): string => String(body[field] ?? '')
  switch (kind) {
    case 'up':
      return {
        DR: text('dr'),
        FPort: text('fPort'),
        FCnt: text('fCnt'),
        Data: Buffer.from(text('data'), 'base64').toString('hex'),
      }
    case 'join':
      return { DevAddr: text('devAddr') }
    case 'status':
      return {
        Margin: text('margin'),
        'Battery level': `${Number(body.batteryLevel ?? 0).toFixed(0)}%`,
        'Battery level unavailable': text('batteryLevelUnavailable'),
        'External power source': text('externalPowerSource'),
      }
    case 'log':
      return { Level: text('level'), Code: text('code') }
    default:
      return {}
  }
}
