import { List, Text } from '@mantine/core'
import type { DraftAnswer } from '../api/types.ts'
import type { FieldErrors } from './field.tsx'

type PlacedProblem = DraftAnswer['problems'][number]

const MOST_SHOWN = 100

/** Of the problems of a draft, those of the fields of a thing, by their places below it. */
export function errorsAt(at: string, draft: DraftAnswer | null | undefined): FieldErrors {
  const found = draft?.problems.filter((problem) => problem.at?.startsWith(`${at}/`)) ?? []
  return new Map(
    found.map((problem) => [problem.at?.slice(at.length + 1) ?? '', `${problem.message} ${problem.mend}`] as const),
  )
}

/** Whether anything in or below a thing keeps the draft from being applied. */
export const isWrongAt = (at: string, draft: DraftAnswer | null | undefined): boolean =>
  draft?.problems.some((problem) => problem.at === at || problem.at?.startsWith(`${at}/`)) ?? false

/** What is wrong, a line each. */
export function Problems({ problems }: { readonly problems: readonly PlacedProblem[] }) {
  return (
    <List size="sm" spacing={4}>
      {problems.slice(0, MOST_SHOWN).map(({ path, at, value, message, mend, line }) => (
        <List.Item key={`${path} ${message}`} style={{ overflowWrap: 'anywhere' }}>
          <Text span fw={600} size="sm">
            {at ?? path}
            {line === undefined ? '' : ` (${line})`}
          </Text>
          {value === undefined ? ': ' : ` = ${value}: `}
          {message} {mend}
        </List.Item>
      ))}
    </List>
  )
}
