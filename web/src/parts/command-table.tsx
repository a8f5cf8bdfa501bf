import { Button, Table, Text } from '@mantine/core'
import { Link } from 'wouter'
import { useCancel, useMay } from '../api/queries.ts'
import type { CommandAnswered } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from './age.tsx'
import { CommandState } from './command-state.tsx'
import { Trouble } from './trouble.tsx'
import { WideTable } from './wide-table.tsx'

/** What was asked for, as people write it. */
export function orderInWords({ tag, command, values }: CommandAnswered): string {
  if (tag !== undefined) return `${tag} = ${JSON.stringify(values.value)}`
  const given = Object.entries(values).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return given.length === 0 ? `${command}` : `${command} (${given.join(', ')})`
}

/** Commands with what became of them; one that has not gone out can be taken back. */
export function CommandTable({ commands }: { readonly commands: readonly CommandAnswered[] }) {
  const { t } = useLocale()
  const cancel = useCancel()
  const may = useMay('command')
  return (
    <>
      {cancel.error ? <Trouble error={cancel.error} /> : null}
      <WideTable
        minWidth={820}
        caption={t('commands.title')}
        head={[
          '#',
          t('commands.device'),
          t('commands.what'),
          t('commands.state'),
          t('commands.by'),
          t('commands.when'),
          t('commands.reason'),
          '',
        ]}
      >
        {commands.map((command) => (
          <Table.Tr key={command.id}>
            <Table.Td className="numeric">{command.id}</Table.Td>
            <Table.Td>
              <Link href={`/devices/${command.device}?tab=commands`}>{command.device}</Link>
            </Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{orderInWords(command)}</Table.Td>
            <Table.Td>
              <CommandState state={command.state} />
            </Table.Td>
            <Table.Td>
              {command.by.user}
              <Text size="xs" className="quiet">
                {command.by.origin}
              </Text>
            </Table.Td>
            <Table.Td>
              <Age at={command.changedAt} />
            </Table.Td>
            <Table.Td>
              <Text size="sm">{command.reason}</Text>
              {command.status ? (
                <Text size="xs" className="quiet">
                  {command.status}
                </Text>
              ) : null}
            </Table.Td>
            <Table.Td>
              {may && command.state === 'queued' ? (
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => cancel.mutate(command.id)}
                  aria-label={t('commands.cancelOne', { id: command.id })}
                >
                  {t('commands.cancel')}
                </Button>
              ) : null}
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </>
  )
}
