"""What a request asks besides its right: the ground of a restriction, values to correct, whom data are sent to.

Revision ID: r0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"


def upgrade() -> None:
    op.add_column("request", sa.Column("ground", sa.Text))
    op.add_column("request", sa.Column("asked_sealed", sa.LargeBinary))
    op.create_check_constraint("request_ground_check", "request", "(\"right\" = 'restriction') = (ground IS NOT NULL)")
