"""`from striate import keras`: striate under the name that scripts use."""

import sys

from striate.compat import install_as

install_as_name = __name__
del sys.modules[install_as_name]
install_as(install_as_name)
