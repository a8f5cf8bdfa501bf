import { StatusCode } from '../../../core/status-code.ts'
import type { Delivery } from '../../source.ts'

/** What is said to operators of commands to a group. */

/** `gateways` undefined: ChirpStack chooses them. */
export const sentToGroup = (handle: string, gateways: number | undefined): Delivery => ({
  state: 'sent',
  reason:
    gateways === undefined
      ? 'Queued in ChirpStack, which chooses the gateways that send it to the group.'
      : `Queued in ChirpStack for the ${gateways === 1 ? 'gateway' : `${gateways} gateways`} of the group.`,
  handle,
})

/** Some gateways of the group have sent it, and others may yet. */
export const beingSent = (seen: readonly string[]): Delivery => ({
  state: 'transmitted',
  reason: `Sent by ${gatewaysOf(seen)}.`,
})

/** Nothing more will be heard of it. */
export const wasSent = (seen: readonly string[], gateways: readonly string[] | undefined): Delivery => {
  const missing = gateways?.filter((id) => !seen.includes(id)) ?? []
  const others = missing.length === 0 ? '' : ` Nothing was heard of ${gatewaysOf(missing)}.`
  return {
    state: 'transmitted',
    reason: `Sent by ${gatewaysOf(seen)}.${others} The devices of a group do not say whether they heard it.`,
    status: StatusCode.Good,
  }
}

/** A gateway was seen sending it by an earlier run. */
export const sentBefore: Delivery = {
  state: 'transmitted',
  reason:
    'A gateway sent it, and Penstock was started again before it heard of others. The devices of a group do not say ' +
    'whether they heard it.',
  status: StatusCode.Good,
}

export const unknownOfGroup = (why: string): Delivery => ({
  state: 'uncertain',
  reason: `${why} Look at the devices before it is sent again.`,
  status: StatusCode.BadCommunicationError,
})

export const LEFT_UNSEEN =
  'It does not stand in the queue of ChirpStack any more, and no gateway was seen sending it: it was sent unseen, or ' +
  'refused by the gateways, too long for the data rate of the group, flushed by somebody, or there was no gateway for it.'

export const STANDS_STILL = 'Its time is over, it still stands in the queue, and no gateway was seen sending it.'

export const GROUP_GONE = 'ChirpStack no longer has the multicast group, or the API key may not see it any more.'

/** The answer to Enqueue was lost, and it is not in the queue; `counters` of the group before and now, if known. */
export function notInQueue(before: number | undefined, now: number): Delivery {
  if (before === undefined) return unknownOfGroup('It is not in the queue of ChirpStack: it was sent, or never queued.')
  return unknownOfGroup(
    now === before
      ? `It is not in the queue of ChirpStack, and the frame counter of the group still is ${now}: it most likely never arrived there.`
      : `It is not in the queue of ChirpStack any more, while the frame counter of the group went from ${before} to ${now}: it was sent, or another command was.`,
  )
}

function gatewaysOf(ids: readonly string[]): string {
  const named = ids.slice(0, 5).join(', ')
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : ''
  return `the gateway${ids.length === 1 ? '' : 's'} ${named}${more}`
}
