import { ActionIcon, Alert, Button, Code, Divider, Drawer, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { passwordFault } from '../../../src/core/password-rule.ts'
import { type UserWish, useChangeUser } from '../api/administration.ts'
import type { UserAnswered } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { PasswordField, RolesField } from './user-fields.tsx'

/** The form for a user who is not there yet. */
export function AddUser({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLocale()
  const add = useChangeUser()
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<UserAnswered['roles']>(['Observer'])
  const [password, setPassword] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const given = password === '' ? null : password
    add.mutate({ do: 'add', name, roles, password: given }, { onSuccess: onClose })
  }
  const isReady = name !== '' && roles.length > 0 && (password === '' || passwordFault(name, password) === undefined)
  return (
    <Side title={t('admin.users.add')} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t('admin.users.name')}
            description={t('admin.users.nameHint')}
            value={name}
            required
            maxLength={64}
            autoComplete="off"
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordField user={name} password={password} onChange={setPassword} />
          <Text size="sm" className="quiet">
            {t('admin.users.withoutPassword')}
          </Text>
          <RolesField roles={roles} onChange={setRoles} />
          {add.error ? <Trouble error={add.error} /> : null}
          <Group>
            <Button type="submit" loading={add.isPending} disabled={!isReady}>
              {t('admin.users.addSubmit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Side>
  )
}

/** What can be changed of a user, each on its own. */
export function UserDrawer({ user, onClose }: { readonly user: UserAnswered; readonly onClose: () => void }) {
  const { t } = useLocale()
  const change = useChangeUser()
  const remove = useChangeUser()
  const [roles, setRoles] = useState(user.roles)
  const [password, setPassword] = useState('')
  const [thumbprint, setThumbprint] = useState('')
  const [isRemoving, setRemoving] = useState(false)
  const make = (wish: UserWish, then?: () => void) => change.mutate(wish, { onSuccess: () => then?.() })
  const bare = thumbprint.replaceAll(/[^0-9A-Fa-f]/g, '')
  const isSame = roles.length === user.roles.length && roles.every((role) => user.roles.includes(role))
  return (
    <Side title={user.name} onClose={onClose}>
      <Stack>
        {change.error ? <Trouble error={change.error} /> : null}
        {change.isSuccess ? (
          <Alert color="green" role="status" p="xs">
            {t('admin.users.done')}
          </Alert>
        ) : null}
        <RolesField roles={roles} onChange={setRoles} />
        <Group>
          <Button
            size="xs"
            disabled={isSame || roles.length === 0}
            loading={change.isPending}
            onClick={() => make({ do: 'roles', user, roles })}
          >
            {t('admin.users.saveRoles')}
          </Button>
        </Group>
        <Divider />
        <form
          onSubmit={(event) => {
            event.preventDefault()
            make({ do: 'password', user, password }, () => setPassword(''))
          }}
        >
          <PasswordField user={user.name} password={password} onChange={setPassword} />
          <Text size="sm" className="quiet" my="xs">
            {t('admin.users.passwordEnds')}
          </Text>
          <Button
            type="submit"
            size="xs"
            disabled={password === '' || passwordFault(user.name, password) !== undefined}
            loading={change.isPending}
          >
            {t('admin.users.savePassword')}
          </Button>
        </form>
        <Divider />
        <Title order={3} size="h6">
          {t('admin.users.certificatesTitle')}
        </Title>
        {user.certificates.map((each) => (
          <Group key={each} gap="xs" wrap="nowrap">
            <Code style={{ overflowWrap: 'anywhere' }}>{each}</Code>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t('admin.users.takeCertificate', { thumbprint: each })}
              onClick={() => make({ do: 'certificate', user, thumbprint: each, add: false })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault()
            make({ do: 'certificate', user, thumbprint: bare, add: true }, () => setThumbprint(''))
          }}
        >
          <TextInput
            label={t('admin.certificates.thumbprint')}
            description={t('admin.users.certificateHint')}
            value={thumbprint}
            onChange={(event) => setThumbprint(event.currentTarget.value)}
            mb="xs"
          />
          <Button type="submit" size="xs" variant="default" disabled={bare.length !== 40} loading={change.isPending}>
            {t('admin.users.giveCertificate')}
          </Button>
        </form>
        <Divider />
        <Group>
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            onClick={() => make({ do: 'disabled', user, disabled: !user.disabled })}
          >
            {t(user.disabled ? 'admin.users.enable' : 'admin.users.disable')}
          </Button>
          <Button size="xs" color="red" variant="outline" onClick={() => setRemoving(true)}>
            {t('admin.users.remove')}
          </Button>
        </Group>
      </Stack>
      {isRemoving ? (
        <Confirm
          title={t('admin.users.removeTitle', { name: user.name })}
          act={t('admin.users.remove')}
          isBusy={remove.isPending}
          error={remove.error}
          onAct={() => remove.mutate({ do: 'remove', user }, { onSuccess: onClose })}
          onClose={() => setRemoving(false)}
        >
          {t('admin.users.removeText')}
        </Confirm>
      ) : null}
    </Side>
  )
}

interface SideProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

function Side({ title, onClose, children }: SideProps) {
  const { t } = useLocale()
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="md"
      title={title}
      closeButtonProps={{ 'aria-label': t('conf.close') }}
    >
      {children}
    </Drawer>
  )
}
