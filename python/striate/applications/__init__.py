"""Published networks, built but not trained."""

from striate.applications.alexnet import AlexNet
from striate.applications.googlenet import GoogLeNet
from striate.applications.lenet import LabNet, LeNet5
from striate.applications.resnet import ResNet18, ResNet20, ResNet50
from striate.applications.unet import UNet
from striate.applications.vgg import VGG16, VGG19

__all__ = ["VGG16", "VGG19", "AlexNet", "GoogLeNet", "LabNet", "LeNet5", "ResNet18", "ResNet20", "ResNet50", "UNet"]
