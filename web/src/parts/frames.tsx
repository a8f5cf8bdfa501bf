import { Badge, Button, Card, Group, Table, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import { useFrames } from '../api/queries.ts'
import { RequestFailed } from '../api/request.ts'
import type { FrameTraceAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Empty } from './empty.tsx'
import { Trouble } from './trouble.tsx'
import { WideTable } from './wide-table.tsx'

const colours: Readonly<Record<FrameTraceAnswer['frames'][number]['kind'], string>> = {
  sent: 'blue',
  answer: 'green',
  stray: 'orange',
  invalid: 'red',
  note: 'gray',
}
const MOST_SHOWN = 100

/** What goes over the connection of a source, in words and bytes, as it does. */
export function Frames({ source }: { readonly source: string }) {
  const { t, timeOfDay } = useLocale()
  const [isRunning, setRunning] = useState(true)
  const { data, error } = useFrames(source, isRunning)
  if (error instanceof RequestFailed && error.problem.status === 404) return <Empty text={t('diagnostics.noFrames')} />
  if (error) return <Trouble error={error} />
  const frames = data?.frames.toReversed().slice(0, MOST_SHOWN) ?? []
  return (
    <Card withBorder p="sm">
      <Group justify="space-between" mb="xs">
        <Text size="sm" className="quiet">
          {t('diagnostics.framesHint')}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={isRunning ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
          onClick={() => setRunning(!isRunning)}
        >
          {t(isRunning ? 'diagnostics.pause' : 'diagnostics.resume')}
        </Button>
      </Group>
      <WideTable
        minWidth={680}
        maxHeight={460}
        caption={t('diagnostics.frames')}
        head={[
          t('diagnostics.frameTime'),
          t('diagnostics.frameKind'),
          t('diagnostics.frameText'),
          t('diagnostics.frameBytes'),
        ]}
      >
        {frames.map(({ number, at, kind, text, hex }) => (
          <Table.Tr key={number}>
            <Table.Td className="numeric" style={{ whiteSpace: 'nowrap' }}>
              {timeOfDay(at)}
            </Table.Td>
            <Table.Td>
              <Badge color={colours[kind]} variant="light" radius="sm" tt="none" autoContrast>
                {t(`frame.${kind}`)}
              </Badge>
            </Table.Td>
            <Table.Td>
              <Text size="sm">{text}</Text>
            </Table.Td>
            <Table.Td className="frames" style={{ overflowWrap: 'anywhere', maxWidth: 420 }}>
              {hex}
            </Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
    </Card>
  )
}
