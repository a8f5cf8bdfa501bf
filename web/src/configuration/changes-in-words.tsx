import { List, Text } from '@mantine/core'
import { useLocale } from '../i18n/use-locale.tsx'

interface ChangesProps {
  /** The first of them, a line each. */
  readonly changes: readonly string[]
  readonly count: number
}

/** What would be different, before it is taken into the draft. */
export function ChangesInWords({ changes, count }: ChangesProps) {
  const { t, n } = useLocale()
  return (
    <>
      <Text fw={600} size="sm" role="status">
        {n('csv.changes', count)}
      </Text>
      <List size="sm" spacing={4}>
        {changes.map((words) => (
          <List.Item key={words} style={{ overflowWrap: 'anywhere' }}>
            {words}
          </List.Item>
        ))}
      </List>
      {count > changes.length ? <Text size="sm">{t('conf.andMore', { count: count - changes.length })}</Text> : null}
    </>
  )
}
