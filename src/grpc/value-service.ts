import { type Selection, selected } from '../http/live/selection.ts'
import type { Calls, StreamCall } from './call.ts'
import { invalid } from './call-error.ts'
import { cursorOf } from './cursor.ts'
import { type LiveMessage, LiveValues } from './live-values.ts'
import { refuseUnknown, selectionOf } from './selection.ts'
import { type GrpcService, LOOK_WITHIN } from './service.ts'
import { tagSampleMessage } from './values.ts'

const MOST_READ = 10_000
const LONGEST_CURSOR = 100

interface StreamRequest {
  readonly selection: Selection | null
  readonly cursor: string
  readonly withoutValues: boolean
}

/** penstock.v1.ValueService. */
export function valueService(calls: Calls, { feed, clock }: GrpcService) {
  return {
    ReadValues: calls.unary(async ({ request }: { request: { readonly selection: Selection | null } }) => {
      const selection = selectionOf(request.selection)
      const mirror = await feed.look(LOOK_WITHIN)
      refuseUnknown(mirror, selection)
      const tags = selected(mirror, selection)
      if (tags.length > MOST_READ) {
        const allowed = `at most ${MOST_READ} at once: name devices or sources, or take a stream`
        throw invalid('selection', `${tags.length} tags`, allowed)
      }
      return {
        values: tags.map((tag) => tagSampleMessage(mirror, tag)),
        engineHeard: mirror.heard,
        cursor: cursorOf(mirror, mirror.change),
      }
    }),
    StreamValues: calls.streaming(async ({ request, signal, send }: StreamCall<StreamRequest, LiveMessage>) => {
      const { cursor, withoutValues } = request
      if (cursor.length > LONGEST_CURSOR) {
        throw invalid('cursor', `${cursor.length} characters long`, 'a cursor that was given, or an empty one')
      }
      const selection = withoutValues ? 'none' : selectionOf(request.selection)
      await new LiveValues({ feed, clock, selection, cursor, send }).run(signal)
    }),
  }
}
