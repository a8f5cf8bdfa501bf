import { Alert, Anchor, Button, Card, Group, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { type TagImporting, useImportTags } from '../api/configuration.ts'
import type { TagImportAnswer } from '../api/types.ts'
import { ChangesInWords } from '../configuration/changes-in-words.tsx'
import { ConfigurationTabs } from '../configuration/configuration-tabs.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { FileButton } from '../parts/file-button.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { WideTable } from '../parts/wide-table.tsx'

/** Tags out into a spreadsheet and back: what a file would change is shown before it goes into the draft. */
export function TagsCsvPage() {
  const { t } = useLocale()
  const [mode, setMode] = useState<TagImporting['mode']>('merge')
  const [file, setFile] = useState<{ readonly csv: string; readonly name: string }>()
  const load = useImportTags()
  useLiveSelection('none')
  const ask = (csv: string, wanted: TagImporting['mode'], preview: boolean) =>
    load.mutate({ csv, mode: wanted, preview })
  const answer = load.data
  return (
    <>
      <ConfigurationTabs current="tags" />
      <PageTitle title={t('conf.tab.tags')} />
      <Stack>
        <Text size="sm">{t('csv.intro')}</Text>
        <Group>
          <Anchor href="/api/v1/configuration/tags.csv" download>
            {t('csv.export')}
          </Anchor>
        </Group>
        <Group>
          <SegmentedControl
            aria-label={t('csv.mode')}
            value={mode}
            onChange={(value) => {
              const wanted = value === 'replace' ? 'replace' : 'merge'
              setMode(wanted)
              if (file) ask(file.csv, wanted, true)
            }}
            data={[
              { value: 'merge', label: t('csv.merge') },
              { value: 'replace', label: t('csv.replace') },
            ]}
          />
          <FileButton
            accept=".csv,text/csv"
            onText={(csv, name) => {
              setFile({ csv, name })
              ask(csv, mode, true)
            }}
          >
            {t('csv.open')}
          </FileButton>
        </Group>
        {mode === 'replace' ? <Alert color="orange">{t('csv.replaceHint')}</Alert> : null}
        {load.error ? <Trouble error={load.error} /> : null}
        {answer && file ? (
          <Preview
            answer={answer}
            name={file.name}
            isPending={load.isPending}
            onTake={() => ask(file.csv, mode, false)}
          />
        ) : null}
      </Stack>
    </>
  )
}

interface PreviewProps {
  readonly answer: TagImportAnswer
  readonly name: string
  readonly isPending: boolean
  readonly onTake: () => void
}

function Preview({ answer, name, isPending, onTake }: PreviewProps) {
  const { t } = useLocale()
  const { rows, changes, count, problems, taken } = answer
  return (
    <Card withBorder component="section" aria-label={name}>
      <Stack gap="sm">
        <Title order={2} size="h5" style={{ overflowWrap: 'anywhere' }}>
          {t('csv.read', { name, rows })}
        </Title>
        {taken ? (
          <Alert color="green" role="status">
            {t('csv.taken')}
          </Alert>
        ) : null}
        {problems.length > 0 ? (
          <WideTable
            minWidth={520}
            caption={t('csv.problems')}
            head={[t('csv.line'), t('csv.column'), t('csv.problem')]}
          >
            {problems.map(({ line, column, message }) => (
              <Table.Tr key={`${line} ${column} ${message}`}>
                <Table.Td className="numeric">{line}</Table.Td>
                <Table.Td>{column}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{message}</Table.Td>
              </Table.Tr>
            ))}
          </WideTable>
        ) : null}
        {taken ? null : (
          <>
            <ChangesInWords changes={changes} count={count} />
            <Group>
              <Button loading={isPending} disabled={count === 0} onClick={onTake}>
                {t('csv.take')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Card>
  )
}
