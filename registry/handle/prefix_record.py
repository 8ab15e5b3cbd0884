"""The indexes of a prefix handle's values, by the convention that clients count on.

HS_SITE at 1, HS_ADMIN at 100 pointing to index 200, HS_VLIST at 200 naming the administrators, HS_PUBKEY at 300,
HS_SECKEY at 301.
"""

from typing import Final

SITE_INDEX: Final = 1
ADMIN_INDEX: Final = 100
GROUP_INDEX: Final = 200
PUBLIC_KEY_INDEX: Final = 300
SECRET_KEY_INDEX: Final = 301
