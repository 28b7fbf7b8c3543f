"""Looking for multipart uploads of this launch among all that were ever begun and neither completed nor aborted."""

from __future__ import annotations

from datetime import datetime

from monitor_runtime.cloud.interface import Cloud, CloudError, UploadMarker
from monitor_runtime.cloud.values import Upload
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import Unknown

MAX_PAGES = 5
"""Pages of 1,000 uploads: what was given up long ago is listed for ever, or until a lifecycle rule aborts it."""


def find_uploads(cloud: Cloud, settings: Settings, launched_at: datetime) -> tuple[Upload, ...] | Unknown:
    """The uploads of this launch, as far as the first page that has one. Unknown when `MAX_PAGES` have none."""
    marker: UploadMarker | None = None
    try:
        for _ in range(MAX_PAGES):
            page = cloud.list_uploads(settings.bucket, settings.prefix, marker)
            under_way = tuple(upload for upload in page.uploads if upload.initiated_at >= launched_at)
            if under_way or page.next_marker is None:
                return under_way
            marker = page.next_marker
    except CloudError as error:
        return Unknown.of(error)
    place = f"s3://{settings.bucket}/{settings.prefix}"
    return Unknown(
        f"more than {MAX_PAGES} pages of uploads were given up under {place}: have a lifecycle rule abort them",
        permanent=True,
    )
