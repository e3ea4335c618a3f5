/** The settings file that set-up begins with: what must be told, and everything else as a comment with its default. */

export const TEMPLATE = `# Settings of Standby Server. Check them with: standby config check
# Durations are written like 250ms, 10s, 6h; sizes like 500MB, 2GB. Passwords stand in a file of their own (secrets).
version: 1

# The file server that is stood by for.
main:
  name: ''
  address: ''
  port: 445
  user: ''
  domain: ''
#   dialect: SMB300         # the least it must speak: SMB300, SMB302, SMB311; SMB210 for Windows 7 and Server 2008 R2
#   encrypt: when-demanded  # or always: nothing is read in the clear. Signed is everything, always

# The network interface of this box that takes the address of the main.
interface: ''

# The shares to mirror.
shares: []

# mirror:
#   path: /srv/standby
#   passEvery: 6h
#   reserve: 1GB
#   scrubEvery: 24h     # how often at most all content is compared with the main in the background
#   excludes:           # names that are not mirrored; a / at the beginning: only in the root of a share
#     [/$RECYCLE.BIN, /RECYCLER, /System Volume Information, /pagefile.sys, /hiberfil.sys, /swapfile.sys, Thumbs.db, ~$*, '*.tmp']

# How fast the mirror may read from the main, by the clock of this box; the lowest limit that holds counts.
# limit: []             # for example [{rate: 20mbit, hours: 08-18, days: mon-fri}]

# takeover:
#   mode: automatic     # or manual: mail, and wait for you
#   profile: default    # or fast: take over after 0.3 s
#   patience: {refused: 10s, silent: 3s, frozen: 5s}
#   witnesses: []

# serve:
#   port: 4450
#   workgroup: WORKGROUP
#   name: ''            # the name of the main when left out
#   users: []

# mail:
#   server: mail.example.com
#   security: starttls  # or tls, none
#   user: standby
#   from: standby@example.com
#   to: [admin@example.com]

# log: {format: human, level: info}
# state: /var/lib/standby
# run: /run/standby
# secrets: /etc/standby/secrets.yaml
`;
