import { Alert, Badge, Button, Group, List, Modal, ScrollArea, Stack, Text, TextInput, Title } from '@mantine/core'
import { IconCheck, IconPencil } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { Link } from 'wouter'
import { useApply, useDiscard, useDraft, useRebase } from '../api/configuration.ts'
import type { AppliedAnswer, DraftAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { Problems } from './problems.tsx'

const MOST_SHOWN = 300

/** Says on every page what was changed and is not applied yet, and what was applied last. */
export function PendingChanges() {
  const { t, n } = useLocale()
  const { data } = useDraft()
  const [isOpen, setOpen] = useState(false)
  const [applied, setApplied] = useState<AppliedAnswer>()
  const draft = data?.draft
  const isPending = draft && (draft.changes.length > 0 || draft.problems.length > 0)
  return (
    <>
      {applied && !isPending ? <Done applied={applied} close={() => setApplied(undefined)} /> : null}
      {isPending ? (
        <section aria-label={t('conf.pending')} className="pending">
          <Alert color="blue" icon={<IconPencil />} mb="md" p="xs">
            <Group justify="space-between" gap="xs">
              <Group gap="xs">
                <Text size="sm" fw={600} role="status">
                  {n('conf.changes', draft.changes.length)}
                </Text>
                {draft.problems.length > 0 ? (
                  <Badge color="red" variant="light" tt="none" radius="sm">
                    {n('conf.problems', draft.problems.length)}
                  </Badge>
                ) : null}
                {draft.behind ? (
                  <Badge color="orange" variant="light" tt="none" radius="sm">
                    {t('conf.behindShort')}
                  </Badge>
                ) : null}
              </Group>
              <Button size="xs" onClick={() => setOpen(true)}>
                {t('conf.review')}
              </Button>
            </Group>
          </Alert>
        </section>
      ) : null}
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={t('conf.reviewTitle')}
        size="xl"
        closeButtonProps={{ 'aria-label': t('conf.close') }}
        scrollAreaComponent={ScrollArea.Autosize}
      >
        {draft ? (
          <Review
            draft={draft}
            onApplied={(done) => {
              setApplied(done)
              setOpen(false)
            }}
            onDiscarded={() => setOpen(false)}
          />
        ) : (
          <Text>{t('conf.nothing')}</Text>
        )}
      </Modal>
    </>
  )
}

function Done({ applied, close }: { readonly applied: AppliedAnswer; readonly close: () => void }) {
  const { t, n } = useLocale()
  const { version, changes, restart, live } = applied
  return (
    <Alert
      color="green"
      icon={<IconCheck />}
      mb="md"
      withCloseButton
      onClose={close}
      closeButtonLabel={t('conf.close')}
      role="status"
      title={live ? t('conf.applied', { version }) : t('conf.appliedLater', { version })}
    >
      <Text size="sm">{n('conf.appliedChanges', changes.length)}</Text>
      {restart.length > 0 ? <Text size="sm">{t('conf.restart', { sections: restart.join(', ') })}</Text> : null}
      <Link href="/configuration/versions">{t('conf.toVersions')}</Link>
    </Alert>
  )
}

interface ReviewProps {
  readonly draft: DraftAnswer
  readonly onApplied: (applied: AppliedAnswer) => void
  readonly onDiscarded: () => void
}

/** Everything that applying would do, before it is done. */
export function Review({ draft, onApplied, onDiscarded }: ReviewProps) {
  const { t, n } = useLocale()
  const [comment, setComment] = useState('')
  const [isSure, setSure] = useState(false)
  const apply = useApply(onApplied)
  const discard = useDiscard(onDiscarded)
  const { changes, problems, restart, behind, revision } = draft
  const submit = (event: FormEvent) => {
    event.preventDefault()
    apply.mutate({ comment, revision })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {behind ? <BehindNotice behind={behind} /> : null}
        {problems.length > 0 ? (
          <Alert color="red" title={n('conf.problems', problems.length)}>
            <Problems problems={problems} />
          </Alert>
        ) : null}
        <Title order={3} size="h6">
          {n('conf.changes', changes.length)}
        </Title>
        <List size="sm" spacing={4}>
          {changes.slice(0, MOST_SHOWN).map(({ at, kind, words }) => (
            <List.Item key={`${kind} ${at}`} style={{ overflowWrap: 'anywhere' }}>
              {words}
            </List.Item>
          ))}
        </List>
        {changes.length > MOST_SHOWN ? (
          <Text size="sm">{t('conf.andMore', { count: changes.length - MOST_SHOWN })}</Text>
        ) : null}
        {restart.length > 0 ? (
          <Alert color="orange">{t('conf.restart', { sections: restart.join(', ') })}</Alert>
        ) : null}
        <TextInput
          label={t('conf.why')}
          description={t('conf.whyHint')}
          value={comment}
          maxLength={1_000}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {apply.error && !behind ? <Trouble error={apply.error} /> : null}
        <Group justify="space-between">
          {isSure ? (
            <Button color="red" variant="light" loading={discard.isPending} onClick={() => discard.mutate()}>
              {t('conf.discardSure')}
            </Button>
          ) : (
            <Button variant="default" onClick={() => setSure(true)}>
              {t('conf.discard')}
            </Button>
          )}
          <Button type="submit" loading={apply.isPending} disabled={problems.length > 0 || behind !== null}>
            {t('conf.apply')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** Somebody else was first: what he changed, and what of it was changed here too. */
function BehindNotice({ behind }: { readonly behind: NonNullable<DraftAnswer['behind']> }) {
  const { t, time } = useLocale()
  const rebase = useRebase()
  const { version, changes, clashes } = behind
  return (
    <Alert
      color="orange"
      title={t('conf.behind', { user: version.by.user, version: version.id, time: time(version.at) })}
    >
      {version.comment === '' ? null : <Text size="sm">“{version.comment}”</Text>}
      <List size="sm" my="xs">
        {changes.slice(0, MOST_SHOWN).map((words) => (
          <List.Item key={words} style={{ overflowWrap: 'anywhere' }}>
            {words}
          </List.Item>
        ))}
      </List>
      {clashes.length > 0 ? (
        <>
          <Text size="sm" fw={600}>
            {t('conf.clashes')}
          </Text>
          <List size="sm" my="xs">
            {clashes.map(({ mine, theirs }) => (
              <List.Item key={`${mine} ${theirs}`} style={{ overflowWrap: 'anywhere' }}>
                {t('conf.clash', { mine, theirs })}
              </List.Item>
            ))}
          </List>
        </>
      ) : null}
      {rebase.error ? <Trouble error={rebase.error} /> : null}
      <Group mt="xs">
        <Button size="xs" loading={rebase.isPending} onClick={() => rebase.mutate('mine')}>
          {clashes.length > 0 ? t('conf.takeMine') : t('conf.take')}
        </Button>
        {clashes.length > 0 ? (
          <Button size="xs" variant="default" loading={rebase.isPending} onClick={() => rebase.mutate('theirs')}>
            {t('conf.takeTheirs')}
          </Button>
        ) : null}
      </Group>
    </Alert>
  )
}
