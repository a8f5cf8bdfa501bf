import { Alert, Button, Group, Text } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'
import { RequestFailed } from '../api/request.ts'
import { useLocale } from '../i18n/use-locale.tsx'

interface TroubleProps {
  readonly error: unknown
  readonly retry?: (() => void) | undefined
}

/** What went wrong with what was asked for, and what to do. */
export function Trouble({ error, retry }: TroubleProps) {
  const { t } = useLocale()
  const problem = error instanceof RequestFailed ? error.problem : undefined
  return (
    <Alert icon={<IconAlertCircle />} color="red" variant="light" title={t('error.title')} role="alert">
      <Text size="sm">{problem?.detail ?? t('error.unreachable')}</Text>
      {problem?.errors?.map(({ field, message }) => (
        <Text size="sm" key={`${field} ${message}`}>
          {field}: {message}
        </Text>
      ))}
      {retry ? (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={retry}>
            {t('error.retry')}
          </Button>
        </Group>
      ) : null}
    </Alert>
  )
}
