"""Random pictures, as functions of pixels and a random generator.

views: crops of photos and backgrounds · compose: people before other backgrounds ·
objects: things in front of people · camera: light, blur, noise and compression
"""
