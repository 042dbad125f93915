"""Published networks, built but not trained."""

from striate.applications.lenet import LabNet, LeNet5

__all__ = ["LabNet", "LeNet5"]
