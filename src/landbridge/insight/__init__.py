"""What the numbers alone do not show: feature maps, and the examples that changed."""

from .changes import changed_examples, png_data_uri
from .map import MapSide, build_map, feature_map_points

__all__ = ["MapSide", "build_map", "changed_examples", "feature_map_points", "png_data_uri"]
