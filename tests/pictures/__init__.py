"""Pictures of the app for the README, and the tool that draws them."""
