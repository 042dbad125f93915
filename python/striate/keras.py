"""`from striate import keras`: striate under the name that scripts use."""

import sys

from striate.compat import install_as

del sys.modules[__name__]  # this file stands aside for the package itself
install_as(__name__)
