"""Looking for the report of the box: one request where it is there, one more where S3 does not say whether it is."""

from __future__ import annotations

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import SignOfLife, Unknown


def find_sign_of_life(cloud: Cloud, settings: Settings) -> SignOfLife | Unknown:
    """When the box reported last. It is read, since that proves that the monitor may use the key of the bucket.

    A denial says nothing yet: S3 denies what is not there to whoever may list a prefix and not the whole bucket. A
    listing tells them apart. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    key = settings.prefix + names.STARTED
    try:
        try:
            return SignOfLife(cloud.read_written_at(settings.bucket, key))
        except CloudError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return SignOfLife()
            if error.kind is not ErrorKind.REFUSED:
                raise
            listed = cloud.list_folder(settings.bucket, key).objects
            return next((SignOfLife(each.modified_at, str(error)) for each in listed if each.key == key), SignOfLife())
    except CloudError as error:
        return Unknown.of(error)
