"""Second floor: photos and videos in, faces with an expression out."""
