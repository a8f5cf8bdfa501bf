import { Badge, Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useForgetImport } from '../api/imports.ts'
import type { PlantImportAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { ChangesInWords } from './changes-in-words.tsx'

const MOST_SHOWN = 300
const colors = { leftOut: 'red', changed: 'orange', note: 'blue' } as const

interface ImportOutcomeProps {
  readonly state: PlantImportAnswer
  readonly isPending: boolean
  readonly onTake: () => void
}

/** What a file becomes, and what of it does not come over as it was. */
export function ImportOutcome({ state, isPending, onTake }: ImportOutcomeProps) {
  const { t } = useLocale()
  const forget = useForgetImport()
  const { counts, changes = [], changeCount = 0, notes = [], noteCounts } = state
  const all = noteCounts ? noteCounts.leftOut + noteCounts.changed + noteCounts.note : 0
  const shown = notes.slice(0, MOST_SHOWN)
  return (
    <Card withBorder component="section" aria-label={t('imports.outcome')}>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t('imports.outcome')}
        </Title>
        {counts ? <Text size="sm">{t('imports.counts', counts)}</Text> : null}
        {noteCounts && all > 0 ? (
          <Text size="sm" fw={600} role="status">
            {t('imports.noteCounts', noteCounts)}
          </Text>
        ) : null}
        {shown.length > 0 ? (
          <WideTable
            minWidth={560}
            maxHeight={420}
            caption={t('imports.notes')}
            head={[t('imports.kind'), t('imports.where'), t('imports.why')]}
          >
            {shown.map(({ kind, at, line, message }) => (
              <Table.Tr key={`${kind} ${at} ${line} ${message}`}>
                <Table.Td>
                  <Badge color={colors[kind]} variant="light" tt="none" miw="max-content">
                    {t(`imports.kind.${kind}`)}
                  </Badge>
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {line === undefined ? at : t('imports.atLine', { line: String(line), at })}
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{message}</Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        ) : null}
        {all > shown.length ? (
          <Text size="sm" className="quiet">
            {t('imports.moreNotes', { count: all - shown.length })}
          </Text>
        ) : null}
        <ChangesInWords changes={changes} count={changeCount} />
        <Group>
          <Button loading={isPending} disabled={changeCount === 0} onClick={onTake}>
            {t('csv.take')}
          </Button>
          <Button variant="default" loading={forget.isPending} onClick={() => forget.mutate()}>
            {t('imports.forget')}
          </Button>
        </Group>
      </Stack>
    </Card>
  )
}
