"""Folders of photographs that results are measured on, made from what anybody can get."""
