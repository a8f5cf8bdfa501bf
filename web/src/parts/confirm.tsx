import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from './trouble.tsx'

interface ConfirmProps {
  readonly title: string
  readonly children: ReactNode
  /** What the button says that does it. */
  readonly act: string
  readonly isBusy: boolean
  readonly error: unknown
  readonly onAct: () => void
  readonly onClose: () => void
}

/** Asks before something is done that others notice. */
export function Confirm({ title, children, act, isBusy, error, onAct, onClose }: ConfirmProps) {
  const { t } = useLocale()
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('conf.close') }} centered>
      <Stack>
        <Text component="div">{children}</Text>
        {error ? <Trouble error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('conf.cancel')}
          </Button>
          <Button color="red" loading={isBusy} onClick={onAct}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
