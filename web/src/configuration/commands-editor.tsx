import { Button, Card, Group, Stack, Table, Text, Title } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useDraft } from '../api/configuration.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { WideTable } from '../parts/wide-table.tsx'
import { addressOf, type Place } from './place.ts'
import { isWrongAt } from './problems.tsx'
import type { Settings } from './schema.ts'

interface CommandsEditorProps {
  /** A device or template. */
  readonly place: Place
  readonly written: Settings
}

/** The commands of a device or template as the draft has them; each has a form of its own. */
export function CommandsEditor({ place, written }: CommandsEditorProps) {
  const { t } = useLocale()
  const { data } = useDraft()
  const list = `${place.at}/commands`
  const commands = (Array.isArray(written.commands) ? written.commands : []) as readonly Settings[]
  return (
    <Card withBorder component="section" aria-label={t('lists.commands')}>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t('lists.commands')}
        </Title>
        {commands.length === 0 ? (
          <Text size="sm" className="quiet">
            {t('lists.noCommands')}
          </Text>
        ) : (
          <WideTable
            minWidth={420}
            caption={t('lists.commands')}
            head={[t('lists.command'), t('lists.arguments'), t('lists.does')]}
          >
            {commands.map((command) => {
              const at = `${list}/${String(command.key)}`
              return (
                <Table.Tr key={at}>
                  <Table.Td>
                    <Link href={addressOf(at)}>{String(command.name ?? command.key)}</Link>
                    {isWrongAt(at, data?.draft) ? (
                      <Text size="xs" c="var(--penstock-bad)">
                        {t('conf.wrong')}
                      </Text>
                    ) : null}
                  </Table.Td>
                  <Table.Td>{namesIn(command.parameters, 'key')}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{doneBy(command)}</Table.Td>
                </Table.Tr>
              )
            })}
          </WideTable>
        )}
        <Group>
          <Button
            component={Link}
            href={`${addressOf(list)}&add=1`}
            variant="light"
            size="sm"
            leftSection={<IconPlus size={16} />}
          >
            {t('lists.addCommand')}
          </Button>
        </Group>
      </Stack>
    </Card>
  )
}

const namesIn = (list: unknown, setting: string): string =>
  (Array.isArray(list) ? (list as readonly Settings[]) : []).map((each) => String(each[setting] ?? '')).join(', ')

/** What a command writes, or the port of its downlink. */
function doneBy({ writes, downlink }: Settings): string {
  if (Array.isArray(writes)) return namesIn(writes, 'tag')
  const port = (downlink as Settings | undefined)?.fPort
  return typeof port === 'number' ? `FPort ${port}` : ''
}
