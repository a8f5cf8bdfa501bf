import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { AppliedAnswer, DraftAnswer } from '../api/types.ts'
import { Review } from '../configuration/pending-changes.tsx'
import { useLocale } from '../i18n/use-locale.tsx'

interface ApplyStepProps {
  readonly draft: DraftAnswer | null
  readonly onDone: () => void
}

/** What would change, in words, and the button that makes it so. */
export function ApplyStep({ draft, onDone }: ApplyStepProps) {
  const { t, n } = useLocale()
  const [applied, setApplied] = useState<AppliedAnswer>()
  const isPending = draft !== null && (draft.changes.length > 0 || draft.problems.length > 0)
  return (
    <Stack gap="md">
      <Title order={2} size="h4">
        {t('setup.apply')}
      </Title>
      <Text>{t('setup.applyHint')}</Text>
      {isPending ? <Review draft={draft} onApplied={setApplied} onDiscarded={() => setApplied(undefined)} /> : null}
      {applied && !isPending ? (
        <Alert color="green" icon={<IconCheck />} role="status" title={t('conf.applied', { version: applied.version })}>
          <Text size="sm">{n('conf.appliedChanges', applied.changes.length)}</Text>
        </Alert>
      ) : null}
      {isPending ? null : (
        <>
          {applied ? null : <Text>{t('setup.nothingToApply')}</Text>}
          <Group>
            <Button onClick={onDone}>{t('setup.toClient')}</Button>
            <Button component={Link} href="/plant" variant="default">
              {t('setup.toPlant')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  )
}
