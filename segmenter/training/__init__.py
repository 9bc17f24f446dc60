"""From folders of photos with masks to trained, measured weights."""
