"""What a picture tells of a person: faces and burned-in text, removed and proven removed. Needs `scanward[pixels]`."""
