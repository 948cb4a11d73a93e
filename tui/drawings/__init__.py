"""Pictures that several pages draw: networks, planes, heat, images. They know no page."""
